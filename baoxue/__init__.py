"""Command line, supervisor, gateway, simulator; nobody imports it."""
