"""`onejob diff` and `onejob deploy`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.errors import CommandError
from cli.options import CdkOptions, Environment, takes
from contract.names import PERSONAL_ENVIRONMENT, budget_stack, forecast_stack

if TYPE_CHECKING:
    from infra.settings.environment import Settings


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
    with _explained_budget(settings):
        run_cdk("deploy", options.environment, ["--all", *more])


@contextmanager
def _explained_budget(settings: "Settings") -> Iterator[None]:
    """Add to the error of the CDK what to do if CloudFormation failed to create the budget, which comes last."""
    from cli.aws.first_deployment import failed_budget
    from cli.aws.session import aws_errors, session_of

    if settings.alerts.monthly_budget_usd is None:
        yield
        return
    with aws_errors():
        before = failed_budget(session_of(settings), settings.name)
    try:
        yield
    except CommandError as error:
        with aws_errors():
            failed = failed_budget(session_of(settings), settings.name)
        if failed in (None, before):
            raise
        stack, file = budget_stack(settings.name), f"environments/{settings.environment}.toml"
        raise CommandError(
            f"CloudFormation failed to create the budget, for the reason above; all other stacks are deployed. Remove "
            f"monthly_budget_usd from {file} and delete the stack {stack} in the CloudFormation console, or let the "
            "management account of the organization allow budgets and rerun onejob deploy"
        ) from error
