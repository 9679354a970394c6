"""What audit is asked: search, replay, single entries and heads."""
