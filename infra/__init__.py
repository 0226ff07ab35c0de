"""What exists in the cloud: constructs and their helpers, in packages that two stacks compose.

A package imports only packages before it: `settings`, `common`, `storage`, `jobs`, `functions`, `workflow`, `triggers`.
`observability` imports only `settings` and `common`. `forecast_stack` composes all of them; the other stack is in
`storage`. Of the rest of the project, infra imports only `contract` and `job_code.config`.
"""
