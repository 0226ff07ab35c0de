"""The two state machines: one forecasts a partition, one runs all partitions through a distributed Map.

`forecast_workflow` and `partitions_workflow` compose the paths that the other modules define.
Imports `common`, `storage`, `jobs` and `functions`.
"""
