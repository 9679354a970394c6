"""Audit's logs in PostgreSQL: appending to them, and proving from them."""
