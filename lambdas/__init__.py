"""The Lambda functions: a folder each, and `shared` for what several of them need.

The state machine of a run calls `plan`, `claim`, `preflight`, `plan_fleet`, `check_run`, `apply_gate` and `publish`.
After a failure it calls `explain_failure`, `close_run` and `end_failed`.
The state machine of all partitions calls `plan_partitions` and `sum_up`.
A schedule calls `check_late`; the dashboard calls `show_runs`.
A function may import `shared` and `contract`, and no other function.
"""
