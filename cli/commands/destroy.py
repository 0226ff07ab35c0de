"""`onejob destroy`."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from typer import Option

from cli.console import OUTPUT
from cli.errors import CommandError
from cli.options import Environment, takes
from contract.names import PERSONAL_ENVIRONMENT

if TYPE_CHECKING:
    from cli.aws.deployed import Deployed


@dataclass(frozen=True, kw_only=True)
class DestroyOptions:
    """The options of `onejob destroy`."""

    environment: Environment = PERSONAL_ENVIRONMENT
    yes: Annotated[bool, Option("--yes", help="Do not ask for confirmation.")] = False


@takes(DestroyOptions)
def destroy(options: DestroyOptions) -> None:
    """Remove an environment from AWS, with all its data.

    Lists the stacks and buckets to delete and asks you to type the environment's name.
    """
    from cli.aws.account import signed_in
    from cli.aws.deployed import Deployed
    from cli.aws.session import aws_errors, session_of
    from cli.aws.teardown import take_down
    from cli.environment import read_settings

    settings = read_settings(options.environment)
    if settings.keeps_data:
        raise CommandError(
            f"environments/{settings.environment}.toml: removal_policy is retain, so onejob deletes nothing "
            "(docs/operations.md: Remove an environment)"
        )
    session = session_of(settings)
    account = signed_in(session, settings).account
    with aws_errors():
        deployed = Deployed.find(session, settings.name)
        place = f"account {account}, {settings.deployment.region}"
        if not deployed.stacks:
            OUTPUT.print(f"{settings.name} is not deployed in {place}.")
            return
        for line in _to_be_deleted(deployed, place):
            OUTPUT.print(line)
        if not options.yes and not _agreed(settings.environment):
            raise CommandError("onejob deleted nothing: the typed name does not match")
        take_down(session, deployed, settings.name)


def _to_be_deleted(deployed: "Deployed", place: str) -> Iterator[str]:
    yield f"onejob will permanently delete, in {place}:"
    for stack in deployed.stacks:
        yield f"  stack {stack} and all its resources"
    for bucket in deployed.buckets:
        yield f"  bucket {bucket} and every version of every object"


def _agreed(environment: str) -> bool:
    if not sys.stdin.isatty():
        raise CommandError("onejob deleted nothing: without a terminal, it needs the option --yes")
    return input(f"Type {environment} to continue: ") == environment
