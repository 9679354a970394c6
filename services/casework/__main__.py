"""Runs casework: `python -m services.casework`."""

from shared.serving import serve

if __name__ == "__main__":
    serve("casework", "services.casework.app:make_app")
