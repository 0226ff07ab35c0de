"""`onejob diff` and `onejob deploy`."""

from dataclasses import dataclass

from cli.options import CdkOptions, Environment, takes
from contract.names import PERSONAL_ENVIRONMENT


@dataclass(frozen=True, kw_only=True)
class DeploymentOptions:
    """What `onejob diff` and `onejob deploy` take."""

    environment: Environment = PERSONAL_ENVIRONMENT
    cdk_options: CdkOptions = None


@takes(DeploymentOptions)
def diff(options: DeploymentOptions) -> None:
    """Show what a deployment would change."""
    from cli.aws.cdk import run_cdk
    from cli.environment import read_settings

    read_settings(options.environment)
    run_cdk("diff", options.environment, options.cdk_options or ())


@takes(DeploymentOptions)
def deploy(options: DeploymentOptions) -> None:
    """Deploy an environment to AWS.

    Builds the image with Docker, unless the environment's file has an `image_uri`.
    """
    from cli.aws.cdk import run_cdk
    from cli.environment import read_settings

    read_settings(options.environment)
    run_cdk("deploy", options.environment, ["--all", *(options.cdk_options or ())])
