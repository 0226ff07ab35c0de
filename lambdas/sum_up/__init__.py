"""Makes one table of what became of all partitions."""
