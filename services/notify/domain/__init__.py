"""Inboxes as pure deciders."""
