"""Compares what a completed job left in S3 with its manifest, before any reader is pointed to it."""

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.exceptions import FlexibleChecksumError

from contract.environments.after_job import CheckRunEnvironment
from contract.function_errors import IncompleteRun
from contract.s3.keys import MANIFEST, RunKeys
from contract.s3.manifest import Manifest
from contract.state.run_record import CheckedRun, JobFacts
from contract.state.run_state import PlanResult, RunState
from lambdas.shared.clients import clients
from lambdas.shared.job_facts import fleet_facts, job_facts
from lambdas.shared.logs import about, logged

from .differences import (
    LOOKS_AT_A_TIME,
    differences_from_plan,
    differences_in_files,
    differences_in_rows,
)
from .run_metrics import put_run_metrics

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Of the manifest; what an older one lacks is not measured.
STATISTICS = ("seconds", "data_quality", "compared_with", "inference")
# The run's other fields are the manifest's, under the same names.
OWN = frozenset({"manifest", "model", "statistics"})
FROM_MANIFEST = tuple(name for name in CheckedRun.__annotations__ if name in CheckedRun.__required_keys__ - OWN)

# One connection a look.
_client = clients(Config(max_pool_connections=LOOKS_AT_A_TIME))


@logged
def handler(event: RunState, _context: object) -> CheckedRun:
    """Answers the state machine's CheckRun state."""
    environment = CheckRunEnvironment.from_environment(os.environ)
    plan, job = event["plan"], event["job"]
    run = check_run(run_id=job["name"], plan=plan, bucket=environment.forecast_bucket, s3=_client("s3"))
    if "publish" in plan:  # it was measured when it was made
        return run
    prices = environment.hourly_prices
    # An earlier execution's job, where this one has taken over from it, was measured then.
    facts = job_facts(job.get("described", {}), hourly_prices=prices, demand_bytes=plan["demand"]["bytes"])
    fleet = None
    if "fleet_job" in event:
        fleet = fleet_facts(event["fleet"], event["fleet_job"]["described"], hourly_prices=prices)
    # An execution that failed in its fleet has counted the job's cost then.
    paid = "closed" in event and facts["name"] in event["closed"].get("counted", [])
    measured: JobFacts = {**facts, "billable_seconds": None, "cost": None} if paid else facts
    put_run_metrics(run, measured, fleet, deployment=environment.deployment, about=about({**event, "run": run}))
    return {**run, "job": facts, "fleet": fleet}


def check_run(*, run_id: str, plan: PlanResult, bucket: str, s3: "S3Client") -> CheckedRun:
    """Checks one run.

    Args:
        run_id: The job's name.
        plan: The run's plan: `partition`; where it was trained just now, `cutoff` (or None) and `hyperparameters`.
        bucket: Bucket with the forecasts.
        s3: An S3 client.

    Raises:
        IncompleteRun: If a file is missing, unlisted or different, or the numbers do not add up.
    """
    keys = RunKeys(partition=plan["partition"], run_id=run_id)
    folder, where = keys.forecasts, f"s3://{bucket}/{keys.manifest}"
    present = _list(s3, bucket=bucket, folder=folder)
    # Asked of the list: a role that may list one prefix only gets a 403 for a missing object, not a 404.
    if MANIFEST not in present:
        missing = "the job completed without a manifest" if "publish" not in plan else f"there is no run {run_id}"
        raise IncompleteRun(f"{missing}: there is no {where}")
    manifest = _read_manifest(s3, bucket=bucket, key=keys.manifest)
    fields: Mapping[str, Any] = manifest
    try:
        problems = [
            *differences_from_plan(manifest, run_id=run_id, plan=plan),
            *differences_in_rows(manifest),
            *differences_in_files(manifest, present=present, s3=s3, bucket=bucket, folder=folder),
        ]
        # A cast: mypy does not follow fields that are taken by their names.
        run = cast(
            "CheckedRun",
            {name: fields[name] for name in FROM_MANIFEST}
            | {
                "manifest": keys.manifest,
                "model": fields.get("model"),  # runs made before models were kept have none
                "statistics": {name: fields.get(name) for name in STATISTICS},
            },
        )
    except KeyError as error:
        raise IncompleteRun(f"{where} has no {error}") from None
    except (TypeError, AttributeError, ValueError) as error:
        raise IncompleteRun(f"{where} is not a run's manifest: {error}") from None
    if problems:
        raise IncompleteRun(f"s3://{bucket}/{folder}: {'; '.join(problems)}")
    return run


def _list(s3: "S3Client", *, bucket: str, folder: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder)
    return {item["Key"].removeprefix(folder) for page in pages for item in page.get("Contents", ())}


def _read_manifest(s3: "S3Client", *, bucket: str, key: str) -> Manifest:
    try:
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except FlexibleChecksumError as error:
        raise IncompleteRun(f"s3://{bucket}/{key} is damaged: {error}") from None
    try:
        # What is not a number is none to the next state either: JSON has no NaN.
        manifest = json.loads(text, parse_constant=lambda _: None)
    except ValueError as error:
        raise IncompleteRun(f"s3://{bucket}/{key} is not JSON: {error}") from None
    if not isinstance(manifest, dict):
        raise IncompleteRun(f"s3://{bucket}/{key} is not a JSON object")
    return cast("Manifest", manifest)
