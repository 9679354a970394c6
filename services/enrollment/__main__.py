"""Runs enrollment: `python -m services.enrollment`."""

from shared.serving import serve

if __name__ == "__main__":
    serve("enrollment", "services.enrollment.app:make_app")
