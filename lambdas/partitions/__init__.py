"""Which partitions there are. Shared by those that need it."""
