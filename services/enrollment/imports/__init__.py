"""Imports: a stranger's file read, compared with what is stored, brought in as events."""
