"""The two state machines: one forecasts a partition, one runs all partitions through a distributed Map.

`forecast_workflow` and `partitions_workflow` compose the paths that the other modules define. `run_steps` lists the
functions and jobs of a run. `state_machine` has the logging, tracing and permissions of both state machines.
Imports `common`, `storage`, `jobs` and `functions`.
"""
