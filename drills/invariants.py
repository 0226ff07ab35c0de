"""Invariants that must hold after every drill. The checks use only the services' public APIs."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from drills.environment import POINTER, DrillEnvironment
from drills.readers import faults_of_run, folder_by_table
from drills.sequence import Drill
from lambdas.shared.registry_record import Attempt, Run

ENDED_UNPUBLISHED = ("failed", "pending_approval", "aborted", "expired", "superseded")


def violations(environment: DrillEnvironment, drill: Drill, executions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a line for each violated invariant.

    Args:
        environment: The application after the drill.
        drill: The performed drill.
        executions: Step Functions' description of each execution, by ARN.
    """
    shown, runs = pointers(environment), environment.runs()
    return [
        *(fault for pointer in shown for fault in faults_of_run(environment, pointer["forecasts"])),
        *_published_once(shown, drill),
        *_registry_is_closed(runs),
        *_registry_agrees(runs, executions, shown),
        *_readers_agree(runs, shown),
        *_athena_agrees(environment, executions, shown),
        *_causes_are_named(executions, drill),
    ]


def pointers(environment: DrillEnvironment) -> list[dict[str, Any]]:
    """Return all versions of the pointer, oldest first."""
    s3 = environment.cloud.client("s3")
    versions = s3.list_object_versions(Bucket=environment.bucket, Prefix=POINTER).get("Versions", [])
    return [
        json.load(s3.get_object(Bucket=environment.bucket, Key=POINTER, VersionId=version["VersionId"])["Body"])
        for version in reversed(versions)
    ]


def _published_once(pointers: list[dict[str, Any]], drill: Drill) -> Iterator[str]:
    forced = sum(bool(start.execution_input.get("force")) for start in drill.starts)
    for cutoff in {pointer["cutoff"] for pointer in pointers}:
        published = [pointer["run_id"] for pointer in pointers if pointer["cutoff"] == cutoff]
        if len(published) != len(set(published)):
            yield f"cutoff {cutoff}: a run is published twice: {published}"
        if len(set(published)) > 1 + forced:
            yield f"cutoff {cutoff}: {len(set(published))} runs are published, but only {forced} executions use force"


def _registry_is_closed(runs: list[Run]) -> Iterator[str]:
    for run in runs:
        for attempt in run.attempts:
            if attempt.is_open:
                yield f"run {run.cutoff}: attempt {attempt.number} is {attempt.status}, but no execution is running"


def _registry_agrees(
    runs: list[Run], executions: Mapping[str, Mapping[str, Any]], pointers: list[dict[str, Any]]
) -> Iterator[str]:
    shown = {pointer["run_id"] for pointer in pointers}
    attempts: list[Attempt] = [attempt for run in runs for attempt in run.attempts]
    for attempt in attempts:
        if attempt.status == "published" and attempt.details.get("run_id") not in shown:
            yield f"run {attempt.details.get('run_id')} is published in the registry, but no pointer names it"
    published_ids = {attempt.details.get("run_id") for attempt in attempts if attempt.status == "published"}
    if shown - published_ids:
        yield f"pointers name the runs {shown - published_ids}, which are not published in the registry"
    for execution, description in executions.items():
        own = [attempt for attempt in attempts if attempt.execution == execution]
        if description["status"] == "SUCCEEDED":
            output = json.loads(description["output"])
            published = [each for each in own if each.status == "published"]
            if output["published"] and output["run_id"] not in {each.details["run_id"] for each in published}:
                yield f"{_name(execution)} published {output['run_id']}, which is not published in the registry"
        elif own and own[-1].status not in (*ENDED_UNPUBLISHED, "published"):
            yield f"{_name(execution)} is {description['status']}, but {own[-1].status} in the registry"


def _readers_agree(runs: list[Run], pointers: list[dict[str, Any]]) -> Iterator[str]:
    if not pointers:
        return
    now = pointers[-1]
    run = next((run for run in runs if run.cutoff == now["cutoff"]), None)
    published = run.published_attempt if run else None
    if published is None or published.details.get("run_id") != now["run_id"]:
        registered = published.details.get("run_id") if published else None
        yield f"the pointer names {now['run_id']} of {now['cutoff']}, but the registry has {registered}"
    if any(pointer["cutoff"] > now["cutoff"] for pointer in pointers):
        yield f"the pointer moved back from {max(pointer['cutoff'] for pointer in pointers)} to {now['cutoff']}"


def _athena_agrees(
    environment: DrillEnvironment, executions: Mapping[str, Mapping[str, Any]], pointers: list[dict[str, Any]]
) -> Iterator[str]:
    """If no execution failed, the pointer and Athena's table show the same run. After a failure they may differ."""
    if pointers and all(description["status"] == "SUCCEEDED" for description in executions.values()):
        folder = folder_by_table(environment)
        if folder != pointers[-1]["forecasts"]:
            yield f"the pointer names {pointers[-1]['forecasts']}, but Athena's table shows {folder}"


def _causes_are_named(executions: Mapping[str, Mapping[str, Any]], drill: Drill) -> Iterator[str]:
    for execution, description in executions.items():
        if description["status"] == "FAILED" and description["error"] not in drill.expected_errors:
            yield (
                f"{_name(execution)} failed with the unexpected error {description['error']}: "
                f"{description.get('cause', '')[:300]}"
            )


def _name(execution: str) -> str:
    return f"execution {execution.rsplit(':', 1)[-1]}"
