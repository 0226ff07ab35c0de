"""SummarizePartitions: writes one table with the outcomes of all partitions."""
