"""Commands on an environment in an AWS account, with the user's own credentials.

`preflight_checks` runs the checks of `lambdas.preflight` before a deployment. `cdk` runs the pinned CDK CLI.
`image_scanning` completes the CDK's bootstrap. `deployed` and `teardown` remove an environment. `account` and
`session` connect to AWS.
The package may import `infra`, `lambdas` and the shared modules of `cli`.
"""
