"""Decides which partitions a run of all is to make."""
