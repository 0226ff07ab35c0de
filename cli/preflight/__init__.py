"""Checks of an account and an environment before a deployment or a run, with the user's own credentials.

`preflight_checks` decides which checks run. `deployment_checks` has those of a first deployment: `account_limits`,
`bootstrap`, `permissions`, `regional_instances`, `data_catalog` and `docker`. `published_models` checks the models of
later runs. The checks of a run itself are in `lambdas.preflight`.
The package may import `infra`, `lambdas`, `cli.rehearsal`, `cli.aws` and the shared modules of `cli`.
"""
