"""Checks of an environment: its account, its deployment, and the checks that the next run makes."""

from datetime import datetime
from typing import cast

from boto3 import Session
from botocore.exceptions import ClientError

from cli.aws.account import signed_in
from cli.aws.account_checks import check_budgets, check_concurrency, function_count
from cli.aws.published_models import check_published_models
from cli.errors import CommandError
from contract.environments.before_job import JobInstance, PreflightEnvironment
from contract.names import function_name
from contract.partitions import WHOLE
from contract.periods import last_complete_period
from contract.s3.keys import DEMAND
from contract.state.run_state import DemandFacts, PlanResult
from infra.jobs.instances import instance_choices
from infra.settings.environment import Settings
from lambdas.plan.data_files import DemandFiles, data_files
from lambdas.preflight.check_results import CheckResult, failed, ok, run_check, unknown
from lambdas.preflight.handler import preflight
from lambdas.preflight.image import check_image
from lambdas.preflight.quotas import check_quotas
from lambdas.shared.clock import local_date

BOOTSTRAP_VERSION = "/cdk-bootstrap/hnb659fds/version"


def run_preflight(settings: Settings, session: Session, *, now: datetime) -> list[CheckResult]:
    """Run every check that is possible.

    Args:
        settings: Settings of the environment.
        session: Session in the environment's region, with the user's own credentials.
        now: Current time, which determines the cutoff of the next run.
    """
    account = check_account(session, settings)
    if any(result.verdict != "ok" for result in account):
        return account  # checks of a different account are pointless
    found = [*account, *run_check("bootstrap", lambda: check_bootstrap(session))]
    try:
        variables = deployed_settings(session, settings)
    except (ClientError, KeyError) as error:
        name = function_name(settings.name, "preflight")
        unreadable = failed(f"deployment: cannot read the settings of the function {name}: {error}")
        return [*found, *_deployment_checks(settings, session), unreadable]
    if variables is None:
        line = f"deployment: {settings.name} is not deployed yet; onejob checked only the needs of a deployment"
        return [*found, *_account_limits(settings, session), *_deployment_checks(settings, session), unknown(line)]
    return [*found, *_run_checks(settings, session, PreflightEnvironment.from_environment(variables), now)]


def check_account(session: Session, settings: Settings) -> list[CheckResult]:
    """Check that there are credentials and that they belong to the environment's account."""
    try:
        return [ok(f"credentials: {signed_in(session, settings).arn}")]
    except CommandError as error:
        return [failed(str(error))]


def check_bootstrap(session: Session) -> list[CheckResult]:
    """Check that the CDK's bootstrap has prepared the account and region."""
    systems = session.client("ssm")
    try:
        version = systems.get_parameter(Name=BOOTSTRAP_VERSION)["Parameter"]["Value"]
    except systems.exceptions.ParameterNotFound:
        return [failed("bootstrap: the CDK's bootstrap is missing in this account and region; run: onejob bootstrap")]
    return [ok(f"bootstrap: version {version}")]


def deployed_settings(session: Session, settings: Settings) -> dict[str, str] | None:
    """Return the environment variables of the deployed preflight function; None if it is not deployed."""
    functions = session.client("lambda")
    try:
        found = functions.get_function_configuration(FunctionName=function_name(settings.name, "preflight"))
    except functions.exceptions.ResourceNotFoundException:
        return None
    return dict(found["Environment"]["Variables"])


def _account_limits(settings: Settings, session: Session) -> list[CheckResult]:
    """Check what only a first deployment needs to know about the account."""
    count, reserved = function_count(settings), settings.functions.reserved_concurrency
    account = signed_in(session, settings).account
    has_budget = settings.alerts.monthly_budget_usd is not None
    return [
        *run_check("concurrency", lambda: check_concurrency(session.client("lambda"), reserved=reserved, count=count)),
        *(run_check("budget", lambda: check_budgets(session.client("budgets"), account=account)) if has_budget else []),
    ]


def _deployment_checks(settings: Settings, session: Session) -> list[CheckResult]:
    image = settings.deployment.image_uri
    instances = [JobInstance(**vars(instance)) for instance in instance_choices(settings.training_job)]
    fleet = settings.fleet
    types = fleet.instance_types if fleet is not None and fleet.enabled else ()
    return [
        *run_check("quota", lambda: check_quotas(session.client("service-quotas"), instances, types)),
        *(run_check("image", lambda: check_image(session.client("ecr"), image)) if image else []),
    ]


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
    today = local_date(now, time_zone=settings.schedule.time_zone)
    frequency, label = settings.forecast.frequency or "", settings.schedule.period_label
    try:
        return last_complete_period(today, frequency=frequency, label=label).isoformat()
    except ValueError:
        return None
