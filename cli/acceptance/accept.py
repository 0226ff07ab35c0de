"""`accept` implements `onejob acceptance`: find or start a record, and run the steps on AWS or in a local cloud."""

import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import ClientError

from cli.acceptance.environment_file import accepted_name, only_one_acceptance, write_environment
from cli.acceptance.place import Place
from cli.acceptance.record import Record
from cli.acceptance.run_acceptance import clean_up, run_acceptance
from cli.acceptance.steps.all_steps import STEPS
from cli.acceptance.trial import Trial
from cli.aws.account import signed_in
from cli.aws.first_deployment import new_stacks
from cli.aws.session import session_of
from cli.checkout import revision
from cli.environment import read_settings
from cli.errors import INTERRUPTED, CommandError
from cli.preflight.account_limits import check_budgets
from cli.rehearsal.application import local_cloud_of
from cli.rehearsal.display import Display
from contract.names import data_stack, forecast_stack
from infra.settings.environment import Settings

RECORD = "record.json"
REMOVAL_RECORD = "removal.json"


@dataclass(frozen=True, kw_only=True)
class AcceptanceRequest:
    """What the user asks for.

    Attributes:
        environment: Environment whose settings are accepted.
        keep: Whether a failed acceptance stays deployed, to be continued.
        only_clean_up: Whether only to remove what an earlier acceptance has left.
        confirmed: Whether to start without asking.
        output: Parent of the folder for record, report and log.
        local: Whether to rehearse in the local cloud.
    """

    environment: str
    keep: bool
    only_clean_up: bool
    confirmed: bool
    output: Path
    local: bool

    @property
    def folder(self) -> Path:
        """Folder for record, report and log."""
        name = f"{self.environment}-local" if self.local else self.environment
        return self.output.resolve() / "acceptance" / name


def accept_on_aws(request: AcceptanceRequest) -> int:
    """Accept an environment's settings on AWS, or continue an acceptance that was interrupted.

    Returns:
        The exit code: 0 if every step passed, 1 if one failed, 130 after Ctrl-C.

    Raises:
        CommandError: The environment or the credentials are invalid, or the user did not agree.
    """
    settings = read_settings(request.environment)
    session = session_of(settings)
    account = signed_in(session, settings).account
    place = Place.on_aws(session, account=account, variables=os.environ)
    record = Record.read(request.folder / RECORD)
    if record is not None and record.place != place.title:
        raise CommandError(
            f"{record.file}: this acceptance started in {record.place}, not in {place.title}; "
            f"use the credentials and the region of its start"
        )
    with only_one_acceptance():
        if record is None and not request.only_clean_up:
            name = accepted_name(settings)
            _check_absent(request, name, new_stacks(session, name))
            _confirm(request, place, settings)
        return _run(request, _trial(request, place, record))


def accept_in_local_cloud(request: AcceptanceRequest) -> int:
    """Rehearse the acceptance in a local cloud, which ends with it.

    Returns:
        The exit code, as of `accept_on_aws`.
    """
    settings = read_settings(request.environment)
    with only_one_acceptance(), local_cloud_of(settings) as cloud:
        trial = _trial(request, Place.in_local_cloud(cloud), None)
        trial.onejob("bootstrap")
        return _run(request, trial)


def _trial(request: AcceptanceRequest, place: Place, record: Record | None) -> Trial:
    """Write the settings of the deployment. Without a record, start one; a removal alone leaves the last record."""
    request.folder.mkdir(parents=True, exist_ok=True)
    if record is None:
        record = Record.new(
            request.folder / (REMOVAL_RECORD if request.only_clean_up else RECORD),
            environment=request.environment,
            place=place.title,
            revision=revision() or "",
            now=datetime.now(UTC),
        )
        if not request.only_clean_up:
            (request.folder / "commands.log").unlink(missing_ok=True)
    settings = write_environment(
        request.environment,
        account=place.account,
        partitions=record.passed("add-partitions"),
        budget=_may_have_budget(place),
    )
    return Trial(place=place, settings=settings, record=record, display=Display(), folder=request.folder)


def _may_have_budget(place: Place) -> bool:
    """Return whether AWS accepts budgets in the account. If nobody can say, the deployment tries it."""
    try:
        checks = check_budgets(place.client("budgets"), account=place.account)
    except ClientError:
        return True
    return all(check.verdict == "ok" for check in checks)


def _check_absent(request: AcceptanceRequest, name: str, new: list[str]) -> None:
    there = [stack for stack in (data_stack(name), forecast_stack(name)) if stack not in new]
    if there:
        raise CommandError(
            f"stack {', '.join(there)} exists: another acceptance is running, or left it behind; "
            f"to remove it, run: onejob acceptance --environment {request.environment} --clean-up"
        )


def _confirm(request: AcceptanceRequest, place: Place, settings: Settings) -> None:
    say = Display().say
    say(f"deploys {accepted_name(settings)} in {place.title}, with the settings of {request.environment}")
    say(f"runs {len(STEPS)} steps with about ten jobs of a few minutes on {_types(settings)}")
    say("takes about 50 minutes, costs less than $1, and removes everything at the end")
    if request.confirmed:
        return
    if not sys.stdin.isatty() or input("Type yes to continue: ") != "yes":
        raise CommandError("onejob deployed nothing; to agree, type yes, or use the option --yes")


def _types(settings: Settings) -> str:
    fleet = settings.fleet.instance_types[:1] if settings.fleet is not None else ()
    return ", ".join(dict.fromkeys([settings.training_job.instance_types[0], *fleet]))


def _run(request: AcceptanceRequest, trial: Trial) -> int:
    try:
        done = clean_up(trial) if request.only_clean_up else run_acceptance(trial, keep=request.keep)
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0 if done else 1
