"""The command line `onejob`: one Typer command for each thing that a person does with the application.

`main` lists the commands, `commands` parses their options, and three packages do the work:

- `rehearsal` deploys and runs the application in a cloud on this machine;
- `aws` checks, prepares and removes an environment in an AWS account;
- `fleet_plan` estimates what a fleet of instances takes.

`checkout`, `console`, `environment`, `errors` and `options` serve all of them.
The package may import `infra`, `job_code`, `lambdas` and `local_cloud`; none of these imports it.
"""
