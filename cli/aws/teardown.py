"""The removal of an environment, step by step; each step may be repeated.

The caller's own credentials do it: no deployed function may empty a bucket.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from boto3 import Session
from botocore.exceptions import WaiterError

from cli.aws.deployed import Deployed
from cli.console import OUTPUT, progress
from cli.errors import CommandError
from contract.names import JOB_KINDS, job_log_group

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_stepfunctions import SFNClient

# A job that is stopped has two minutes, and uploads what it has.
MAX_SECONDS = 900
POLL_SECONDS = 2


def take_down(session: Session, deployed: Deployed, name: str) -> None:
    """Delete an environment, and print a line for each step.

    Args:
        session: Of the environment's region, with the caller's own credentials.
        deployed: What there is.
        name: The deployment's name, `onejob-dev` for example.

    Raises:
        CommandError: A step failed; the message says which one, and what to do.
    """
    with progress("stopping executions") as show:
        delete_schedules(session, deployed.schedules)
        for state_machine in deployed.state_machines:
            OUTPUT.print(f"executions stopped: {stop_executions(session, state_machine)}")
        # A job needs its role until its end, and the network it is in.
        show("waiting for the last job to end")
        wait_for_jobs(session, name)
        if deployed.forecast_stack:
            show(f"deleting {deployed.forecast_stack}")
            delete_stack(session, deployed.forecast_stack)
        OUTPUT.print(f"logs of jobs deleted: {delete_job_logs(session, name)}")
        for bucket in deployed.buckets:
            show(f"emptying {bucket}")
            OUTPUT.print(f"emptied {bucket}: {empty(session, bucket)} versions")
        if deployed.data_stack:
            show(f"deleting {deployed.data_stack}")
            delete_stack(session, deployed.data_stack)


def delete_schedules(session: Session, schedules: Sequence[str]) -> None:
    """Deletes what starts runs by itself; its stack takes no offence."""
    scheduler = session.client("scheduler")
    for schedule in schedules:
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            scheduler.delete_schedule(Name=schedule)


def stop_executions(session: Session, state_machine: str) -> int:
    """Stops what a state machine executes, and with it the jobs, until nothing is executed.

    An execution of all partitions that was stopped stops those it has started, and may have begun to start another.

    Returns:
        How many executions were stopped.

    Raises:
        CommandError: One still runs after a quarter of an hour.
    """
    states, stopped = session.client("stepfunctions"), set[str]()
    end = time.monotonic() + MAX_SECONDS
    while running := _running_executions(states, state_machine):
        if time.monotonic() > end:
            raise CommandError(f"still running: {', '.join(running[:3])}; stop it and start again")
        for execution in running:
            states.stop_execution(executionArn=execution, cause="The environment is being taken down")
        stopped |= set(running)
        time.sleep(POLL_SECONDS)
    return len(stopped)


def wait_for_jobs(session: Session, name: str) -> None:
    """Waits until no job of the environment is at work: it would write into a bucket that was emptied.

    Raises:
        CommandError: One still is after a quarter of an hour.
    """
    sagemaker, end = session.client("sagemaker"), time.monotonic() + MAX_SECONDS
    while jobs := list(_running_jobs(sagemaker, name)):
        if time.monotonic() > end:
            raise CommandError(f"still running: {', '.join(jobs[:3])}; stop it and start again")
        time.sleep(POLL_SECONDS)


def delete_stack(session: Session, stack: str) -> None:
    """Deletes a stack and waits for its end.

    Raises:
        CommandError: It could not be deleted.
    """
    cloudformation = session.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": MAX_SECONDS // POLL_SECONDS}
        )
    except WaiterError as error:
        raise CommandError(f"stack {stack} could not be deleted, see its events in the console: {error}") from error
    OUTPUT.print(f"deleted {stack}")


def delete_job_logs(session: Session, name: str) -> int:
    """Deletes the environment's streams in the log groups that all jobs of an account share.

    Returns:
        How many there were.
    """
    logs, deleted = session.client("logs"), 0
    for kind in JOB_KINDS:
        group = job_log_group(kind)
        pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, logStreamNamePrefix=f"{name}-")
        try:
            streams = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except logs.exceptions.ResourceNotFoundException:
            continue
        for stream in streams:
            logs.delete_log_stream(logGroupName=group, logStreamName=stream)
        deleted += len(streams)
    return deleted


def empty(session: Session, bucket: str) -> int:
    """Deletes every version of every object.

    Returns:
        How many versions there were.

    Raises:
        CommandError: S3 did not delete all of them.
    """
    s3, deleted = session.client("s3"), 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        if not found:
            continue
        versions: list[ObjectIdentifierTypeDef] = [
            {"Key": version["Key"], "VersionId": version["VersionId"]} for version in found
        ]
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})
        if errors := answer.get("Errors"):
            first = errors[0]
            raise CommandError(f"bucket {bucket}: {first['Key']} could not be deleted: {first.get('Message')}")
        deleted += len(versions)
    return deleted


def _running_jobs(sagemaker: "SageMakerClient", name: str) -> Iterator[str]:
    for kind in JOB_KINDS:
        # A cast: its overloads are each of one kind.
        jobs = cast("Any", sagemaker).get_paginator(f"list_{kind.lower()}_jobs")
        for status in ("InProgress", "Stopping"):
            for page in jobs.paginate(NameContains=f"{name}-", StatusEquals=status):
                names = [job[f"{kind}JobName"] for job in page[f"{kind}JobSummaries"]]
                yield from (job for job in names if job.startswith(f"{name}-"))


def _running_executions(states: "SFNClient", state_machine: str) -> list[str]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine, statusFilter="RUNNING")
    return [execution["executionArn"] for page in pages for execution in page["executions"]]
