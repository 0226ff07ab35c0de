"""Compare a completed job's files in S3 with their manifest, before the run is published."""

import json
import os
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.exceptions import FlexibleChecksumError

from contract.environments.after_job import CheckRunEnvironment
from contract.function_errors import IncompleteRun
from contract.s3.keys import MANIFEST, RunKeys
from contract.s3.manifest import Manifest
from contract.state.run_record import CheckedRun, DataQuality, JobFacts
from contract.state.run_state import PlanResult, RunState
from lambdas.shared.clients import clients
from lambdas.shared.job_facts import fleet_facts, job_facts
from lambdas.shared.logs import log_invocation, run_context

from .differences import (
    CONCURRENT_READS,
    differences_from_plan,
    differences_in_files,
    differences_in_rows,
)
from .run_metrics import put_run_metrics

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Fields of the manifest for metrics. A field that an older manifest lacks is not measured.
STATISTICS = ("seconds", "data_quality", "compared_with", "inference")
# Step Functions limits the state, and the notification is read on a phone.
WARNINGS, WARNING_LENGTH = 3, 400
# All other fields of the run have the same names in the manifest.
NOT_FROM_MANIFEST = frozenset({"manifest", "model", "statistics"})
FROM_MANIFEST = tuple(
    name for name in CheckedRun.__annotations__ if name in CheckedRun.__required_keys__ - NOT_FROM_MANIFEST
)

# One connection per concurrent read.
_client = clients(Config(max_pool_connections=CONCURRENT_READS))


@log_invocation
def handler(event: RunState, _context: object) -> CheckedRun:
    """Handle the state CheckRun."""
    environment = CheckRunEnvironment.from_environment(os.environ)
    plan, job = event["plan"], event["job"]
    run = check_run(run_id=job["name"], plan=plan, bucket=environment.forecast_bucket, s3=_client("s3"))
    if "publish" in plan:  # the metrics were written when the run was made
        return run
    prices = environment.hourly_prices
    # A job that an earlier execution started was measured by that execution.
    facts = job_facts(job.get("description", {}), hourly_prices=prices, demand_bytes=plan["demand"]["bytes"])
    fleet = None
    if "fleet_job" in event:
        fleet = fleet_facts(event["fleet"], event["fleet_job"]["description"], hourly_prices=prices)
    # An execution that failed in its fleet has already counted the job's cost.
    paid = "closed" in event and facts["name"] in event["closed"].get("counted", [])
    measured: JobFacts = {**facts, "billable_seconds": None, "cost": None} if paid else facts
    put_run_metrics(run, measured, fleet, deployment=environment.deployment, about=run_context({**event, "run": run}))
    return {**run, "job": facts, "fleet": fleet}


def check_run(*, run_id: str, plan: PlanResult, bucket: str, s3: "S3Client") -> CheckedRun:
    """Check one run.

    Args:
        run_id: Name of the job.
        plan: Plan of the run: `partition` and, unless the run is only published, `cutoff` (or None) and
            `hyperparameters`.
        bucket: Bucket with the forecasts.
        s3: An S3 client.

    Raises:
        IncompleteRun: If a file is missing, unlisted or different, or the numbers do not add up.
    """
    keys = RunKeys(partition=plan["partition"], run_id=run_id)
    folder, where = keys.forecasts, f"s3://{bucket}/{keys.manifest}"
    present = _list(s3, bucket=bucket, folder=folder)
    # From the list, because a role with list permission on one prefix gets a 403 for a missing object, not a 404.
    if MANIFEST not in present:
        missing = "the job completed without a manifest" if "publish" not in plan else f"there is no run {run_id}"
        raise IncompleteRun(f"{missing}: {where} is missing")
    manifest = _read_manifest(s3, bucket=bucket, key=keys.manifest)
    fields: Mapping[str, Any] = manifest
    try:
        problems = [
            *differences_from_plan(manifest, run_id=run_id, plan=plan),
            *differences_in_rows(manifest),
            *differences_in_files(manifest, present=present, s3=s3, bucket=bucket, folder=folder),
        ]
        # A cast, because mypy cannot follow fields that are selected by name.
        run = cast(
            "CheckedRun",
            {name: fields[name] for name in FROM_MANIFEST}
            | {
                "manifest": keys.manifest,
                "model": fields.get("model"),  # missing in runs made before manifests had models
                "statistics": {name: fields.get(name) for name in STATISTICS}
                | {"data_quality": _data_quality(fields.get("data_quality"))},
            },
        )
    except KeyError as error:
        raise IncompleteRun(f"{where} has no field {error}") from None
    except (TypeError, AttributeError, ValueError) as error:
        raise IncompleteRun(f"{where} is not a run's manifest: {error}") from None
    if problems:
        raise IncompleteRun(f"s3://{bucket}/{folder}: {'; '.join(problems)}")
    return run


def _data_quality(reported: Mapping[str, Any] | None) -> DataQuality | None:
    """Return the numbers and the first warnings. The report's lists may be too long for the state."""
    if reported is None:
        return None
    warnings: list[str] = reported.get("warnings") or []
    return {
        "warnings": len(warnings),
        "first_warnings": [textwrap.shorten(line, WARNING_LENGTH, placeholder=" ...") for line in warnings[:WARNINGS]],
        "input": reported.get("input"),
        "repairs": reported.get("repairs"),
        "series": reported.get("series"),
    }


def _list(s3: "S3Client", *, bucket: str, folder: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    return {item["Key"].removeprefix(folder) for page in pages for item in page.get("Contents", ())}


def _read_manifest(s3: "S3Client", *, bucket: str, key: str) -> Manifest:
    try:
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except FlexibleChecksumError as error:
        raise IncompleteRun(f"s3://{bucket}/{key} is damaged: {error}") from None
    try:
        # JSON has no NaN, so the next state cannot receive one.
        manifest = json.loads(text, parse_constant=lambda _: None)
    except ValueError as error:
        raise IncompleteRun(f"s3://{bucket}/{key} is not JSON: {error}") from None
    if not isinstance(manifest, dict):
        raise IncompleteRun(f"s3://{bucket}/{key} is not a JSON object")
    return cast("Manifest", manifest)
