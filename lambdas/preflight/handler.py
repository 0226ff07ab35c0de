"""Looks at everything a run needs before a machine is paid for, and says all that is wrong at once."""

import functools
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.config import Config

from lambdas.shared.logs import logged
from lambdas.shared.registry_table import RunTable

from .demand import check_demand
from .findings import Finding, Verdict, looked_at
from .image import check_image, readable_format
from .model import check_model
from .quotas import check_quotas
from .storage import check_buckets, check_key
from .time_budget import check_time

RUNS_LOOKED_AT = 10
# Nothing here is worth a long wait: what does not answer is left to the run.
PATIENCE = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 3})


class NotReady(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """Something that the run needs is not there; one line with all of it and what to do."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What the environment settles for every run.

    Attributes:
        data_bucket: Bucket with the demand.
        forecast_bucket: Bucket with the runs.
        key: ARN of the key of both.
        table: Name of the run registry.
        image: The container image.
        machines: What a job may run on, in order of preference: `instance_type` and `spot` of each.
        fleet_types: What a fleet may run on; none where there is none.
        volume_gb: The machine's disk.
        max_runtime_minutes: After which SageMaker stops the job.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
    """

    data_bucket: str
    forecast_bucket: str
    key: str
    table: str
    image: str
    machines: Sequence[Mapping[str, Any]]
    fleet_types: Sequence[str]
    volume_gb: int
    max_runtime_minutes: int
    time_zone: str
    period_label: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "Deployment":
        """Reads the function's environment variables."""
        return cls(
            data_bucket=variables["DATA_BUCKET"],
            forecast_bucket=variables["FORECAST_BUCKET"],
            key=variables["KEY"],
            table=variables["TABLE"],
            image=variables["IMAGE"],
            machines=json.loads(variables["MACHINES"]),
            fleet_types=json.loads(variables["FLEET_TYPES"]),
            volume_gb=int(variables["VOLUME_GB"]),
            max_runtime_minutes=int(variables["MAX_RUNTIME_MINUTES"]),
            time_zone=variables["TIME_ZONE"],
            period_label=variables["PERIOD_LABEL"],
        )


@logged
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers the state machine's Preflight state."""
    findings = preflight(event["plan"], deployment=Deployment.from_environment(os.environ), client=_client)

    def lines(verdict: Verdict) -> list[str]:
        return [finding.line for finding in findings if finding.verdict == verdict]

    if problems := lines("wrong"):
        raise NotReady("; ".join(problems))
    return {"notes": lines("note"), "not_known": lines("unknown")}


@functools.cache
def _client(service: str) -> BaseClient:
    return boto3.client(service, config=PATIENCE)


def preflight(plan: Mapping[str, Any], *, deployment: Deployment, client: Any) -> list[Finding]:  # noqa: ANN401
    """Makes every check, whatever the others come to.

    Args:
        plan: The run's plan: `partition`, `cutoff` (ISO date or None), `demand` (with its `uri`), `hyperparameters`,
            `mode`, the `model` to use where none is trained, and whether a `fleet` forecasts.
        deployment: What the environment settles.
        client: Makes a client of a service.
    """
    cutoff, demand = plan["cutoff"], plan["demand"]

    def the_demand() -> list[Finding]:
        return check_demand(
            demand,
            date.fromisoformat(cutoff) if cutoff else None,
            uri=demand["uri"],
            frequency=plan["hyperparameters"].get("frequency", ""),
            period_label=deployment.period_label,
            time_zone=deployment.time_zone,
            volume_gb=deployment.volume_gb,
        )

    def the_time() -> list[Finding]:
        runs = RunTable(client("dynamodb"), deployment.table).newest(plan["partition"], RUNS_LOOKED_AT)
        return check_time(
            runs,
            mode=plan["mode"],
            fleet=plan["fleet"],
            demand_bytes=demand["bytes"],
            max_runtime_minutes=deployment.max_runtime_minutes,
        )

    def the_model() -> list[Finding]:
        if plan["model"] is None:
            return []
        return [check_model(plan["model"], reads=readable_format(client("ecr"), deployment.image))]

    def the_quotas() -> list[Finding]:
        fleet_types = deployment.fleet_types if plan["fleet"] else ()
        return check_quotas(client("service-quotas"), deployment.machines, fleet_types)

    return [
        *the_demand(),
        *looked_at("bucket", lambda: check_buckets(client("s3"), [deployment.data_bucket, deployment.forecast_bucket])),
        *looked_at("key", lambda: check_key(client("kms"), deployment.key)),
        *looked_at("image", lambda: check_image(client("ecr"), deployment.image)),
        *looked_at("model", the_model),
        *looked_at("quota", the_quotas),
        *looked_at("time", the_time),
    ]
