"""Check everything a run needs before an instance costs money, and list all errors together."""

import os
from datetime import date

from contract.environments.before_job import PreflightEnvironment
from contract.function_errors import PreflightFailed
from contract.state.run_state import PlanResult, PreflightResult, RunState
from lambdas.shared.clients import PATIENCE, Clients, clients
from lambdas.shared.logs import log_invocation
from lambdas.shared.registry_table import RECENT_RUNS, RunTable

from .demand import check_demand
from .findings import Finding, Verdict, looked_at
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
    findings = preflight(event["plan"], environment=environment, client=_client)

    def lines(verdict: Verdict) -> list[str]:
        return [finding.line for finding in findings if finding.verdict == verdict]

    if problems := lines("wrong"):
        raise PreflightFailed("; ".join(problems))
    return {"notes": lines("note"), "not_known": lines("unknown")}


def preflight(plan: PlanResult, *, environment: PreflightEnvironment, client: Clients) -> list[Finding]:
    """Run all checks, even if one fails.

    Args:
        plan: The run's plan: `partition`, `cutoff` (ISO date or None), `demand` (with its `uri`), `hyperparameters`,
            `mode`, the `model` to use if none is trained, and whether a `fleet` forecasts.
        environment: Settings of the environment.
        client: Function that returns the client of a service.
    """
    cutoff, demand = plan["cutoff"], plan["demand"]

    def the_demand() -> list[Finding]:
        return check_demand(
            demand,
            date.fromisoformat(cutoff) if cutoff else None,
            uri=demand["uri"],
            frequency=plan["hyperparameters"].get("frequency", ""),
            period_label=environment.period_label,
            time_zone=environment.time_zone,
            volume_gb=environment.volume_gb,
        )

    def the_time() -> list[Finding]:
        runs = RunTable(client("dynamodb"), environment.table).recent(plan["partition"], RECENT_RUNS)
        return check_time(
            runs,
            mode=plan["mode"],
            fleet=plan["fleet"],
            demand_bytes=demand["bytes"],
            max_runtime_minutes=environment.max_runtime_minutes,
        )

    def the_model() -> list[Finding]:
        if plan["model"] is None:
            return []
        return [check_model(plan["model"], reads=readable_format(client("ecr"), environment.image))]

    def the_quotas() -> list[Finding]:
        fleet_types = environment.fleet_types if plan["fleet"] else ()
        return check_quotas(client("service-quotas"), environment.machines, fleet_types)

    return [
        *the_demand(),
        *looked_at(
            "bucket", lambda: check_buckets(client("s3"), [environment.data_bucket, environment.forecast_bucket])
        ),
        *looked_at("key", lambda: check_key(client("kms"), environment.key)),
        *looked_at("image", lambda: check_image(client("ecr"), environment.image)),
        *looked_at("model", the_model),
        *looked_at("quota", the_quotas),
        *looked_at("time", the_time),
    ]
