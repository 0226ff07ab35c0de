"""The Lambda functions: one folder each, and `shared` for common code.

The state machine of a run calls `plan`, `claim`, `preflight`, `plan_fleet`, `check_run`, `quality_gate` and `publish`.
After a failure it calls `explain_failure`, `close_run` and `fail_execution`.
The state machine of all partitions calls `plan_partitions` and `summarize_partitions`.
A schedule calls `check_deadline`. The dashboard calls `runs_widget`.
A function may import `shared` and `contract`, but no other function.
"""
