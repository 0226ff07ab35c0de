"""Commands on an environment in an AWS account, with the user's own credentials.

`cdk` runs the pinned CDK CLI, and `cloud_assembly` reads what it synthesizes. `image_publication` checks the image
before a deployment. `image_scanning` completes the CDK's bootstrap. `deployed` and `teardown` remove an environment.
`account` and `session` connect to AWS.
The package may import `infra`, `lambdas` and the shared modules of `cli`.
"""
