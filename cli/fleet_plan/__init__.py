"""Estimate the instances, minutes and dollars of a fleet, and list every assumption.

`scenario` and `training` turn a request and the benchmark's measurements (`measured`) into a plan. `estimate` prints
the plan. `simulation` draws random runs of a fleet (`fleet_runs`, `fleet_levels`) and of many partitions
(`partition_runs`, `partition_levels`). `plot` draws both simulations as a chart.
The package may import `infra`, `job_code`, `lambdas` and the shared modules of `cli`.
"""
