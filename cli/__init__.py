"""The command line `onejob`, built with Typer.

`main` lists the commands, `commands` parses their options, and three packages do the work:

- `rehearsal` deploys and runs the application in the local cloud;
- `aws` checks, prepares and removes an environment in an AWS account;
- `fleet_plan` estimates the time and cost of a fleet of instances.

All of them use `checkout`, `console`, `environment`, `errors` and `options`.
The package may import `infra`, `job_code`, `lambdas` and `local_cloud`; none of these imports it.
"""
