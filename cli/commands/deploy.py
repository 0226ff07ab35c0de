"""`onejob diff` and `onejob deploy`."""

from dataclasses import dataclass

from cli.options import CdkOptions, Environment, takes
from contract.names import PERSONAL_ENVIRONMENT, forecast_stack


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

    Builds the image with Docker, unless the environment's file sets `image_uri` or `image_builder`. Stops before any
    stack changes if SageMaker would not accept the image. The first deployment of an environment
    that keeps its data runs twice: the second time turns on the protection from deletion.
    """
    from cli.aws.cdk import run_cdk
    from cli.aws.first_deployment import new_stacks
    from cli.aws.image_publication import publish_image
    from cli.aws.session import aws_errors, session_of
    from cli.environment import read_settings
    from infra.common.environment_stack import UNPROTECTED

    settings = read_settings(options.environment)
    more = options.cdk_options or ()
    if settings.deployment.image_uri is None and settings.deployment.image_builder == "docker":
        publish_image(settings, session_of(settings))
    if settings.keeps_data:
        with aws_errors():
            new = new_stacks(session_of(settings), settings.name)
        if new:
            # Without the budget: if AWS refuses it, the second deployment has protected the other stacks before.
            context = ["--context", f"{UNPROTECTED}={','.join(new)}"]
            run_cdk("deploy", options.environment, [forecast_stack(settings.name), *more, *context])
    run_cdk("deploy", options.environment, ["--all", *more])
