"""The AWS resources: constructs and their helpers, in packages that the stacks compose.

A package imports only packages before it: `settings`, `common`, `storage`, `jobs`, `functions`, `workflow`, `triggers`.
`observability` imports only `settings` and `common`. `data_stack` composes `storage`, `forecast_stack` all of them.
`budget_stack` imports only `settings` and `common`.
Outside this package, infra imports only `contract`, `job_code.config` and
`job_code.config_problems` from the project.
"""
