"""The four services; independent of each other."""
