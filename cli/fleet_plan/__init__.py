"""An estimate of a fleet: instances, minutes and dollars, and every assumption behind them.

`case` and `training` turn a question and the benchmark's measurements (`measured`) into a plan, `on_paper` prints it;
`simulation` draws runs at random: of a fleet (`fleet_runs`, `fleet_levels`) and of many partitions (`partition_runs`,
`partition_levels`), and `plot` draws both as a picture.
The package may import `infra`, `job_code`, `lambdas` and the shared modules of `cli`.
"""
