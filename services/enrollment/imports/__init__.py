"""Imports: a stranger's file read, compared with what is stored, and brought in as events."""

from services.enrollment.imports.routes import imports_of

__all__ = ["imports_of"]
