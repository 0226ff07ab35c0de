"""What must hold after every drill, whatever went wrong: checked from outside, with what the services say."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from drills.readers import faults_of_run, folder_by_table
from drills.sequence import Drill
from drills.stage import POINTER, Stage
from lambdas.shared.registry_record import Attempt, Run

ENDED_UNPUBLISHED = ("failed", "pending_approval", "aborted", "expired", "superseded")


def broken(stage: Stage, drill: Drill, executions: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Everything that does not hold.

    Args:
        stage: The application.
        drill: What was done.
        executions: What Step Functions says of each execution, by ARN.
    """
    shown, runs = pointers(stage), stage.runs()
    return [
        *(fault for pointer in shown for fault in faults_of_run(stage, pointer["forecasts"])),
        *_published_once(shown, drill),
        *_registry_is_closed(runs),
        *_registry_agrees(runs, executions, shown),
        *_readers_agree(runs, shown),
        *_athena_agrees(stage, executions, shown),
        *_causes_are_named(executions, drill),
    ]


def pointers(stage: Stage) -> list[dict[str, Any]]:
    """All the pointer ever said, oldest first."""
    s3 = stage.cloud.client("s3")
    versions = s3.list_object_versions(Bucket=stage.bucket, Prefix=POINTER).get("Versions", [])
    return [
        json.load(s3.get_object(Bucket=stage.bucket, Key=POINTER, VersionId=version["VersionId"])["Body"])
        for version in reversed(versions)
    ]


def _published_once(pointers: list[dict[str, Any]], drill: Drill) -> Iterator[str]:
    forced = sum(bool(start.given.get("force")) for start in drill.starts)
    for cutoff in {pointer["cutoff"] for pointer in pointers}:
        published = [pointer["run_id"] for pointer in pointers if pointer["cutoff"] == cutoff]
        if len(published) != len(set(published)):
            yield f"cutoff {cutoff}: one run was published twice: {published}"
        if len(set(published)) > 1 + forced:
            yield f"cutoff {cutoff}: {len(set(published))} runs were published, {forced} of the executions by force"


def _registry_is_closed(runs: list[Run]) -> Iterator[str]:
    for run in runs:
        for attempt in run.attempts:
            if attempt.is_open:
                yield f"run {run.cutoff}: attempt {attempt.number} is {attempt.status}, and nothing runs any more"


def _registry_agrees(
    runs: list[Run], executions: Mapping[str, Mapping[str, Any]], pointers: list[dict[str, Any]]
) -> Iterator[str]:
    shown = {pointer["run_id"] for pointer in pointers}
    attempts: list[Attempt] = [attempt for run in runs for attempt in run.attempts]
    for attempt in attempts:
        if attempt.status == "published" and attempt.details.get("run_id") not in shown:
            yield f"the registry says that {attempt.details.get('run_id')} is published, and no reader could see it"
    told = {attempt.details.get("run_id") for attempt in attempts if attempt.status == "published"}
    if shown - told:
        yield f"readers could see {shown - told}, and the registry does not say so"
    for execution, described in executions.items():
        own = [attempt for attempt in attempts if attempt.execution == execution]
        if described["status"] == "SUCCEEDED":
            output = json.loads(described["output"])
            published = [each for each in own if each.status == "published"]
            if output["published"] and output["run_id"] not in {each.details["run_id"] for each in published}:
                yield f"{_name(execution)} published {output['run_id']}, which the registry does not know"
        elif own and own[-1].status not in (*ENDED_UNPUBLISHED, "published"):
            yield f"{_name(execution)} ended as {described['status']}, the registry says {own[-1].status}"


def _readers_agree(runs: list[Run], pointers: list[dict[str, Any]]) -> Iterator[str]:
    if not pointers:
        return
    now = pointers[-1]
    run = next((run for run in runs if run.cutoff == now["cutoff"]), None)
    published = run.published_attempt if run else None
    if published is None or published.details.get("run_id") != now["run_id"]:
        known = published.details.get("run_id") if published else None
        yield f"readers see {now['run_id']} of {now['cutoff']}, the registry says {known}"
    if any(pointer["cutoff"] > now["cutoff"] for pointer in pointers):
        yield f"readers went back from {max(pointer['cutoff'] for pointer in pointers)} to {now['cutoff']}"


def _athena_agrees(
    stage: Stage, executions: Mapping[str, Mapping[str, Any]], pointers: list[dict[str, Any]]
) -> Iterator[str]:
    """Where nothing failed, both ways of reading lead to the same run; what failed in between, the operator is told."""
    if pointers and all(described["status"] == "SUCCEEDED" for described in executions.values()):
        folder = folder_by_table(stage)
        if folder != pointers[-1]["forecasts"]:
            yield f"readers see {pointers[-1]['forecasts']}, Athena's table shows {folder}"


def _causes_are_named(executions: Mapping[str, Mapping[str, Any]], drill: Drill) -> Iterator[str]:
    for execution, described in executions.items():
        if described["status"] == "FAILED" and described["error"] not in drill.told_as:
            yield f"{_name(execution)} failed as {described['error']}: {described.get('cause', '')[:300]}"


def _name(execution: str) -> str:
    return f"execution {execution.rsplit(':', 1)[-1]}"
