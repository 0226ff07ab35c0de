"""PlanPartitions: decides which partitions an execution of all partitions runs."""
