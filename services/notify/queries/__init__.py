"""What the pages and commands of notify read."""
