"""`onejob acceptance`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options import Environment, takes
from contract.names import PERSONAL_ENVIRONMENT


@dataclass(frozen=True, kw_only=True)
class AcceptanceOptions:
    """The options of `onejob acceptance`."""

    environment: Environment = PERSONAL_ENVIRONMENT
    local: Annotated[bool, Option("--local", help="Rehearse in the local cloud, without an AWS account.")] = False
    keep: Annotated[
        bool,
        Option("--keep", help="Keep everything and stop if a step fails. The same command then continues."),
    ] = False
    clean_up: Annotated[bool, Option("--clean-up", help="Only remove what an interrupted acceptance has left.")] = False
    yes: Annotated[bool, Option("--yes", help="Do not ask for confirmation.")] = False
    output: Annotated[Path, Option(metavar="DIR", help="Folder for record, log and report.")] = Path("out")


@takes(AcceptanceOptions)
def acceptance(options: AcceptanceOptions) -> int:
    """Prove in an AWS account that deployments, runs, failures and removal work.

    Deploys an environment of its own with the settings of the given one, does every operation once, prints what it
    expects of AWS and what it saw, and removes everything. Takes about 50 minutes, costs less than a dollar. After an
    interruption, the same command continues. Exits with 1 if a step failed.
    """
    from cli.acceptance.accept import AcceptanceRequest, accept_in_local_cloud, accept_on_aws
    from cli.aws.session import aws_errors

    request = AcceptanceRequest(
        environment=options.environment,
        keep=options.keep,
        only_clean_up=options.clean_up,
        confirmed=options.yes,
        output=options.output,
        local=options.local,
    )
    with aws_errors():
        return accept_in_local_cloud(request) if options.local else accept_on_aws(request)
