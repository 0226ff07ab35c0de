"""`onejob diff` and `onejob deploy`."""

from dataclasses import dataclass

from cli.options import CdkOptions, Environment, takes
from contract.names import PERSONAL_ENVIRONMENT


@dataclass(frozen=True, kw_only=True)
class DeploymentOptions:
    """The options of `onejob diff` and `onejob deploy`."""

    environment: Environment = PERSONAL_ENVIRONMENT
    cdk_options: CdkOptions = None


@takes(DeploymentOptions)
def diff(options: DeploymentOptions) -> None:
    """Show the changes that a deployment would make."""
    from cli.aws.cdk import run_cdk
    from cli.environment import read_settings

    read_settings(options.environment)
    run_cdk("diff", options.environment, options.cdk_options or ())


@takes(DeploymentOptions)
def deploy(options: DeploymentOptions) -> None:
    """Deploy an environment to AWS.

    Builds the image with Docker, unless the environment's file sets `image_uri`.
    """
    from cli.aws.cdk import run_cdk
    from cli.environment import read_settings

    read_settings(options.environment)
    run_cdk("deploy", options.environment, ["--all", *(options.cdk_options or ())])
