"""Notify in one process on a store of its own, as its own tests have it."""

from tests.notify.conftest import casework, notify_template, secrets, told, world

__all__ = ["casework", "notify_template", "secrets", "told", "world"]
