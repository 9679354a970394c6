"""Writing: one command, or many in one transaction, for pages, imports and programs alike."""
