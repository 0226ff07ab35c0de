"""Check everything a run needs before an instance costs money, and list all errors together."""

import os

from contract.calendar.labels import read_label
from contract.environments.before_job import PreflightEnvironment
from contract.function_errors import PreflightFailed
from contract.state.run_state import PlanResult, PreflightResult, RunState
from lambdas.shared.clients import PATIENCE, Clients, clients
from lambdas.shared.logs import log_invocation
from lambdas.shared.registry_table import RECENT_RUNS, RunTable

from .check_results import CheckResult, Verdict, run_check
from .demand import check_demand
from .image import check_image, readable_format
from .model import check_model
from .quotas import check_quotas
from .storage import check_buckets, check_key
from .time_budget import check_time

_client = clients(PATIENCE)


@log_invocation
def handler(event: RunState, _context: object) -> PreflightResult:
    """Handle the state Preflight."""
    environment = PreflightEnvironment.from_environment(os.environ)
    results = preflight(event["plan"], environment=environment, client=_client)

    def lines(verdict: Verdict) -> list[str]:
        return [result.line for result in results if result.verdict == verdict]

    if problems := lines("failed"):
        raise PreflightFailed("; ".join(problems))
    return {"notes": lines("warning"), "unchecked": lines("unknown")}


def preflight(plan: PlanResult, *, environment: PreflightEnvironment, client: Clients) -> list[CheckResult]:
    """Run all checks, even if one fails.

    Args:
        plan: The run's plan: `partition`, `cutoff` (ISO date or None), `demand` (with its `uri`), `hyperparameters`,
            `mode`, the `model` to use if none is trained, and whether a `fleet` forecasts.
        environment: Settings of the environment.
        client: Function that returns the client of a service.
    """
    cutoff, demand = plan["cutoff"], plan["demand"]

    def demand_checks() -> list[CheckResult]:
        return check_demand(
            demand,
            read_label(cutoff) if cutoff else None,
            uri=demand["uri"],
            frequency=plan["hyperparameters"].get("frequency", ""),
            period_label=environment.period_label,
            time_zone=environment.time_zone,
            volume_gb=environment.volume_gb,
        )

    def time_checks() -> list[CheckResult]:
        runs = RunTable(client("dynamodb"), environment.table).recent(plan["partition"], RECENT_RUNS)
        return check_time(
            runs,
            mode=plan["mode"],
            fleet=plan["fleet"],
            demand_bytes=demand["bytes"],
            max_runtime_minutes=environment.max_runtime_minutes,
        )

    def model_checks() -> list[CheckResult]:
        if plan["model"] is None:
            return []
        return [check_model(plan["model"], reads=readable_format(client("ecr"), environment.image))]

    def quotas_checks() -> list[CheckResult]:
        fleet_types = environment.fleet_types if plan["fleet"] else ()
        return check_quotas(client("service-quotas"), environment.instances, fleet_types)

    return [
        *demand_checks(),
        *run_check(
            "bucket", lambda: check_buckets(client("s3"), [environment.data_bucket, environment.forecast_bucket])
        ),
        *run_check("key", lambda: check_key(client("kms"), environment.key)),
        *run_check("image", lambda: check_image(client("ecr"), environment.image)),
        *run_check("model", model_checks),
        *run_check("quota", quotas_checks),
        *run_check("time", time_checks),
    ]
