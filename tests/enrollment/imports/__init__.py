"""Imports through HTTP on a real database."""
