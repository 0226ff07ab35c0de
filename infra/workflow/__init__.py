"""The two state machines: one forecasts a partition, one runs all partitions through a distributed Map.

`forecast_workflow` and `partitions_workflow` compose the paths that the other modules define; `run_steps` lists what a
run calls, and `state_machine` has what both state machines share.
Imports `common`, `storage`, `jobs` and `functions`.
"""
