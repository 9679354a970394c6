"""What a pack would have changed: the facts of a term, lived through under two packs."""
