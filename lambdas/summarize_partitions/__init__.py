"""SummarizePartitions: makes one table of the outcomes of all partitions."""
