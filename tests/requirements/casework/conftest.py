"""Casework in one process on a store of its own, as its own tests have it."""

from tests.casework.conftest import casework_template, secrets, told, world

__all__ = ["casework_template", "secrets", "told", "world"]
