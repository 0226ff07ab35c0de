"""The weekly run in a cloud on this machine: deploy, upload demand, run, follow, download the forecasts.

`run_rehearsal` does all of it, `rehearsal` has its steps, `request` its options and `display` shows it;
`application` is the deployed application, for drills and tests too;
`given_demand` reads the columns of a person's own demand, `synthetic_demand` makes some.
The package may import `infra`, `job_code`, `local_cloud` and the shared modules of `cli`.
"""
