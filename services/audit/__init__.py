"""审计: the exact bytes of every ledger, search and replay."""
