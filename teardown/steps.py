"""The steps of taking an environment down; each may be repeated."""

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from botocore.exceptions import WaiterError

from teardown.deployed import Clients

JOB_LOGS = "/aws/sagemaker/TrainingJobs"
# A job that is stopped has two minutes, and uploads what it has.
MOST_SECONDS = 900
POLL_SECONDS = 2


class TeardownError(Exception):
    """A step did not succeed; the message says which, and what to do."""


def delete_schedules(clients: Clients, name: str) -> None:
    """Deletes what starts runs by itself; its stack takes no offence."""
    scheduler = clients("scheduler")
    for schedule in (f"{name}-weekly", f"{name}-deadline"):
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            scheduler.delete_schedule(Name=schedule)


def stop_executions(clients: Clients, state_machine: str) -> int:
    """Stops what a state machine executes, and with it the jobs.

    Returns:
        How many executions were stopped.
    """
    states, stopped = clients("stepfunctions"), 0
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine, statusFilter="RUNNING")
    for execution in [execution for page in pages for execution in page["executions"]]:
        states.stop_execution(executionArn=execution["executionArn"], cause="The environment is being taken down")
        stopped += 1
    return stopped


def wait_for_jobs(clients: Clients, name: str) -> None:
    """Waits until no training job of the environment is at work: it would write into a bucket that was emptied.

    Raises:
        TeardownError: One still is after a quarter of an hour.
    """
    end = time.monotonic() + MOST_SECONDS
    while jobs := list(_running_jobs(clients("sagemaker"), name)):
        if time.monotonic() > end:
            raise TeardownError(f"still running: {', '.join(jobs)}; stop it and start again")
        time.sleep(POLL_SECONDS)


def delete_stack(clients: Clients, stack: str) -> None:
    """Deletes a stack and waits for its end.

    Raises:
        TeardownError: It could not be deleted.
    """
    cloudformation = clients("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": MOST_SECONDS // POLL_SECONDS}
        )
    except WaiterError as error:
        raise TeardownError(f"stack {stack} could not be deleted, see its events in the console: {error}") from error


def delete_job_logs(clients: Clients, name: str) -> int:
    """Deletes the environment's streams in the log group that all training jobs of an account share.

    Returns:
        How many there were.
    """
    logs, deleted = clients("logs"), 0
    try:
        pages = list(
            logs.get_paginator("describe_log_streams").paginate(logGroupName=JOB_LOGS, logStreamNamePrefix=f"{name}-")
        )
    except logs.exceptions.ResourceNotFoundException:
        return 0
    for stream in [stream for page in pages for stream in page["logStreams"]]:
        logs.delete_log_stream(logGroupName=JOB_LOGS, logStreamName=stream["logStreamName"])
        deleted += 1
    return deleted


def empty(clients: Clients, bucket: str) -> int:
    """Deletes every version of every object.

    Returns:
        How many versions there were.

    Raises:
        TeardownError: S3 did not delete all of them.
    """
    s3, deleted = clients("s3"), 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            continue
        versions = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in found]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise TeardownError(f"bucket {bucket}: {first['Key']} could not be deleted: {first.get('Message')}")
        deleted += len(versions)
    return deleted


def _running_jobs(sagemaker: Any, name: str) -> Iterator[str]:  # noqa: ANN401 (boto3's clients are made at run time)
    for status in ("InProgress", "Stopping"):
        for page in sagemaker.get_paginator("list_training_jobs").paginate(
            NameContains=f"{name}-", StatusEquals=status
        ):
            for job in page["TrainingJobSummaries"]:
                if job["TrainingJobName"].startswith(f"{name}-"):
                    yield job["TrainingJobName"]
