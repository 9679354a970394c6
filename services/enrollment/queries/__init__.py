"""Reads of enrollment's own tables."""
