"""Benchmarks: subject and yardstick side by side in one run, reported as ratios of medians."""
