"""Merkle trees, signed notes, checkpoints, heads and tiles: pure arithmetic, no input or output."""
