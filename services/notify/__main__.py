"""Runs notify: `python -m services.notify`."""

from shared.serving import serve

if __name__ == "__main__":
    serve("notify", "services.notify.app:make_app")
