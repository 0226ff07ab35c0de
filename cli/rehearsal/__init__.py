"""Rehearsal of the weekly run in the local cloud: deploy, upload demand, run, follow, download the forecasts.

`run_rehearsal` performs a rehearsal. `rehearsal` has its steps, `request` its options, and `display` its output.
`application` represents the deployed application, also for drills and tests.
`user_demand` reads the columns of the user's demand. `synthetic_demand` generates demand.
The package may import `infra`, `job_code`, `local_cloud` and the shared modules of `cli`.
"""
