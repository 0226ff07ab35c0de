"""The checks of a first deployment: what the account, the region and this computer lack."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from boto3 import Session
from botocore.config import Config

from cli.aws.account import Caller
from cli.aws.cloud_assembly import CloudAssembly
from cli.preflight.account_limits import check_budgets, check_concurrency, check_log_policies, check_networks
from cli.preflight.bootstrap import check_bootstrap
from cli.preflight.data_catalog import check_catalog_encryption, check_lake_formation
from cli.preflight.docker import check_docker
from cli.preflight.permissions import check_permissions
from cli.preflight.regional_instances import PRICES_REGION, check_regional_instances
from cli.rehearsal.application import synthesize
from contract.environments.before_job import JobInstance
from infra.jobs.instances import instance_choices
from infra.settings.environment import Settings
from infra.settings.fleet import FleetSettings
from lambdas.preflight.check_results import CheckResult, failed, run_check, warning
from lambdas.preflight.image import check_image
from lambdas.preflight.quotas import check_quotas

# The name of a check, with which its lines begin, and the function that returns the results.
Check = tuple[str, Callable[[], list[CheckResult]]]
# A network that drops packets must not stop the other checks for minutes.
PATIENCE = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 3})


def check_first_deployment(settings: Settings, session: Session, caller: Caller) -> list[CheckResult]:
    """Run all checks at the same time, while the CDK synthesizes what the other checks read.

    Args:
        settings: Settings of the environment.
        session: Session in the environment's region, with the user's own credentials.
        caller: The identity of the credentials.
    """
    with ThreadPoolExecutor(max_workers=16) as pool:
        started = _start(pool, _account_checks(settings, session, caller))
        with tempfile.TemporaryDirectory() as folder:
            try:
                synthesize(Path(folder), settings.environment)
                assembly = CloudAssembly.read(Path(folder), caller=caller, region=settings.deployment.region)
            except subprocess.CalledProcessError:
                results = [failed("synthesis: the CDK application fails; see its message above")]
            else:
                results = _results(_start(pool, _assembly_checks(settings, session, caller, assembly)))
        return [*results, *_results(started)]


def _account_checks(settings: Settings, session: Session, caller: Caller) -> list[Check]:
    """Return the checks that need only the settings."""
    fleet, image = settings.fleet, settings.deployment.image_uri
    fleet_types = fleet.instance_types if fleet is not None else ()
    instances = [JobInstance(**vars(instance)) for instance in instance_choices(settings.training_job)]
    quotas, ecr = session.client("service-quotas", config=PATIENCE), session.client("ecr", config=PATIENCE)
    prices = session.client("pricing", region_name=PRICES_REGION, config=PATIENCE)
    logs, ec2 = session.client("logs", config=PATIENCE), session.client("ec2", config=PATIENCE)
    lake, glue = session.client("lakeformation", config=PATIENCE), session.client("glue", config=PATIENCE)
    budgets = session.client("budgets", config=PATIENCE)
    checks: list[Check] = [
        ("quota", lambda: excuse_idle_fleet(check_quotas(quotas, instances, fleet_types), fleet)),
        ("instance types", lambda: excuse_idle_fleet(check_regional_instances(prices, settings), fleet)),
        ("log policies", lambda: check_log_policies(logs)),
        ("Lake Formation", lambda: check_lake_formation(lake, deployment=settings.name)),
        ("Glue catalog", lambda: check_catalog_encryption(glue, deployment=settings.name)),
    ]
    if image is not None:
        checks.append(("image", lambda: check_image(ecr, image)))
    if settings.alerts.monthly_budget_usd is not None:
        checks.append(("budget", lambda: check_budgets(budgets, account=caller.account)))
    if settings.network is not None and settings.network.isolated:
        checks.append(("network", lambda: check_networks(ec2, quotas)))
    return checks


def excuse_idle_fleet(results: list[CheckResult], fleet: FleetSettings | None) -> list[CheckResult]:
    """Return a failure of the fleet as a warning if executions use the fleet only when their input asks for it.

    Args:
        results: Results of the jobs. The last one belongs to the fleet.
        fleet: Settings of the fleet; None if there is none.
    """
    if fleet is None or fleet.enabled or results[-1].verdict != "failed":
        return results
    return [*results[:-1], warning(f"{results[-1].line} (fleet.enabled = false: only an execution with a fleet fails)")]


def _assembly_checks(settings: Settings, session: Session, caller: Caller, assembly: CloudAssembly) -> list[Check]:
    """Return the checks that need the synthesized application."""
    systems, iam = session.client("ssm", config=PATIENCE), session.client("iam", config=PATIENCE)
    functions = session.client("lambda", config=PATIENCE)
    partition, region = caller.arn.split(":")[1], settings.deployment.region
    stacks = f"arn:{partition}:cloudformation:{region}:{caller.account}:stack/{settings.name}-*/*"
    parameter, needed = assembly.bootstrap_parameter, assembly.bootstrap_version
    reserved = settings.functions.reserved_concurrency
    checks: list[Check] = [
        ("bootstrap", lambda: check_bootstrap(systems, parameter=parameter, needed=needed)),
        ("permissions", lambda: check_permissions(iam, assembly, caller=caller, stacks=stacks)),
        ("concurrency", lambda: check_concurrency(functions, reserved=reserved, count=assembly.functions)),
    ]
    return [*checks, ("Docker", check_docker)] if assembly.images else checks


def _start(pool: ThreadPoolExecutor, checks: Sequence[Check]) -> list[Future[list[CheckResult]]]:
    return [pool.submit(run_check, name, check) for name, check in checks]


def _results(started: Sequence[Future[list[CheckResult]]]) -> list[CheckResult]:
    return [result for future in started for result in future.result()]
