"""Runs audit: `python -m services.audit`."""

from shared.serving import serve

if __name__ == "__main__":
    serve("audit", "services.audit.app:make_app")
