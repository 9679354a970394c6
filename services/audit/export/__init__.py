"""Bundles that anyone can check: what goes into them, and in which bytes."""
