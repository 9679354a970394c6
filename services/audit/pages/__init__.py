"""Audit's pages: search, replay in two times, ledgers of the first page."""
