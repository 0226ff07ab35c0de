"""Checks of an environment: its account, its deployment, and the checks that the next run makes."""

from datetime import datetime
from typing import cast

from boto3 import Session
from botocore.exceptions import ClientError

from cli.aws.account import signed_in
from cli.errors import CommandError
from cli.preflight.bootstrap import check_bootstrap
from cli.preflight.deployment_checks import check_first_deployment
from cli.preflight.published_models import check_published_models
from contract.calendar.due import last_complete_period
from contract.calendar.labels import label_text
from contract.environments.before_job import PreflightEnvironment
from contract.names import function_name
from contract.partitions import WHOLE
from contract.s3.keys import DEMAND
from contract.state.run_state import DemandFacts, PlanResult
from infra.settings.environment import Settings
from lambdas.plan.data_files import DemandFiles, data_files
from lambdas.preflight.check_results import CheckResult, failed, ok, run_check, unknown
from lambdas.preflight.handler import preflight
from lambdas.shared.clock import due_time


def run_preflight(settings: Settings, session: Session, *, now: datetime) -> list[CheckResult]:
    """Run every check that is possible.

    Args:
        settings: Settings of the environment.
        session: Session in the environment's region, with the user's own credentials.
        now: Current time, which determines the cutoff of the next run.
    """
    try:
        caller = signed_in(session, settings)
    except CommandError as error:
        return [failed(str(error))]  # checks of a different account are pointless
    credentials = ok(f"credentials: {caller.arn}")
    try:
        variables = deployed_settings(session, settings)
    except (ClientError, KeyError) as error:
        name = function_name(settings.name, "preflight")
        unreadable = failed(f"deployment: cannot read the settings of the function {name}: {error}")
        return [credentials, *check_first_deployment(settings, session, caller), unreadable]
    if variables is None:
        line = f"deployment: {settings.name} is not deployed yet; onejob checked only the needs of a deployment"
        return [credentials, *check_first_deployment(settings, session, caller), unknown(line)]
    bootstrap = run_check("bootstrap", lambda: check_bootstrap(session.client("ssm")))
    run_checks = _run_checks(settings, session, PreflightEnvironment.from_environment(variables), now)
    return [credentials, *bootstrap, *run_checks]


def deployed_settings(session: Session, settings: Settings) -> dict[str, str] | None:
    """Return the environment variables of the deployed preflight function; None if it is not deployed."""
    functions = session.client("lambda")
    try:
        found = functions.get_function_configuration(FunctionName=function_name(settings.name, "preflight"))
    except functions.exceptions.ResourceNotFoundException:
        return None
    return dict(found["Environment"]["Variables"])


def _run_checks(
    settings: Settings, session: Session, environment: PreflightEnvironment, now: datetime
) -> list[CheckResult]:
    unread: list[CheckResult] = []
    try:
        files = data_files(session.client("s3"), bucket=environment.data_bucket, prefix=DEMAND)
    except ClientError as error:
        files = []
        unread = [failed(f"demand: cannot list s3://{environment.data_bucket}/{DEMAND}: {error}")]
    found = DemandFiles.of(files, f"s3://{environment.data_bucket}/{DEMAND}")
    plan: PlanResult = {
        "partition": WHOLE,
        "cutoff": _due(settings, now),
        "demand": cast("DemandFacts", vars(found)),
        "hyperparameters": settings.forecast.to_strings(),
        "started_by": "manual",
        "force": False,
        "fingerprint": "",
        "parent": None,
        "mode": "train",
        "model": None,
        "fleet": settings.fleet is not None and settings.fleet.enabled,
    }
    return [
        *unread,
        *preflight(plan, environment=environment, client=session.client),
        *run_check("model", lambda: check_published_models(settings, session, environment)),
    ]


def _due(settings: Settings, now: datetime) -> str | None:
    """Return the cutoff of a run that the schedule starts now; None if only the job can determine the calendar."""
    forecast, schedule = settings.forecast, settings.schedule
    frequency = forecast.frequency or ""
    try:
        due = due_time(
            now,
            frequency=frequency,
            schedule_zone=schedule.time_zone,
            demand_zone=forecast.time_zone or "",
            day_begins_at=forecast.day_begins_at,
        )
        return label_text(last_complete_period(due, frequency=frequency, label=schedule.period_label))
    except ValueError:
        return None
