"""Removal of an environment. Every step can be repeated.

The steps use the user's own credentials, because no deployed function may empty a bucket.
"""

import time
from collections.abc import Callable, Iterator, Sequence
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

# Limit of each wait. SageMaker gives a stopped job two minutes, and then uploads its output.
MAX_SECONDS = 900
POLL_SECONDS = 2
# Number of times that the buckets are emptied and their stack is deleted.
DATA_ATTEMPTS = 3


def take_down(session: Session, deployed: Deployed, name: str) -> None:
    """Delete an environment and print a line for each step.

    Args:
        session: Session in the environment's region, with the user's own credentials.
        deployed: Resources to remove.
        name: Name of the deployment, for example `onejob-dev`.

    Raises:
        CommandError: A step failed. The message names the step and the remedy.
    """
    with progress("stopping executions") as show:
        delete_schedules(session, deployed.schedules)
        for state_machine in deployed.state_machines:
            OUTPUT.print(f"executions stopped: {stop_executions(session, state_machine)}")
        # A job needs its role and its network until it ends, so wait before deleting the stack.
        show("waiting for the last job to end")
        wait_for_jobs(session, name)
        if deployed.budget_stack:
            show(f"deleting {deployed.budget_stack}")
            delete_stack(session, deployed.budget_stack)
        if deployed.forecast_stack:
            show(f"deleting {deployed.forecast_stack}")
            delete_stack(session, deployed.forecast_stack)
        OUTPUT.print(f"log streams of jobs deleted: {delete_job_logs(session, name)}")
        _delete_data(session, deployed, show)


def _delete_data(session: Session, deployed: Deployed, show: Callable[[str], None]) -> None:
    """Empty the buckets and delete their stack. S3 may deliver an access log to a bucket after it was emptied."""
    for attempt in range(DATA_ATTEMPTS):
        for bucket in deployed.buckets:
            show(f"emptying {bucket}")
            OUTPUT.print(f"emptied {bucket}: {empty(session, bucket)} object versions")
        if not deployed.data_stack:
            return
        show(f"deleting {deployed.data_stack}")
        try:
            delete_stack(session, deployed.data_stack)
        except CommandError:
            if attempt + 1 == DATA_ATTEMPTS:
                raise
        else:
            return
        OUTPUT.print("CloudFormation failed to delete the stack; emptying the buckets again")


def delete_schedules(session: Session, schedules: Sequence[str]) -> None:
    """Delete the schedules, so that no run starts. CloudFormation tolerates that they are missing."""
    scheduler = session.client("scheduler")
    for schedule in schedules:
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            scheduler.delete_schedule(Name=schedule)


def stop_executions(session: Session, state_machine: str) -> int:
    """Stop all executions of a state machine and their jobs, and repeat until none is running.

    Stopping an execution of all partitions also stops its child executions. It may have just started another child.

    Returns:
        Number of stopped executions.

    Raises:
        CommandError: An execution still runs after 15 minutes.
    """
    states, stopped = session.client("stepfunctions"), set[str]()
    end = time.monotonic() + MAX_SECONDS
    while running := _running_executions(states, state_machine):
        if time.monotonic() > end:
            raise CommandError(
                f"executions still running: {', '.join(running[:3])}; stop them and rerun onejob destroy"
            )
        for execution in running:
            states.stop_execution(executionArn=execution, cause="onejob destroy removes the environment")
        stopped |= set(running)
        time.sleep(POLL_SECONDS)
    return len(stopped)


def wait_for_jobs(session: Session, name: str) -> None:
    """Wait until no job of the environment is running. A running job writes into the bucket to be emptied.

    Raises:
        CommandError: A job still runs after 15 minutes.
    """
    sagemaker, end = session.client("sagemaker"), time.monotonic() + MAX_SECONDS
    while jobs := list(_running_jobs(sagemaker, name)):
        if time.monotonic() > end:
            raise CommandError(f"jobs still running: {', '.join(jobs[:3])}; stop them and rerun onejob destroy")
        time.sleep(POLL_SECONDS)


def delete_stack(session: Session, stack: str) -> None:
    """Delete a stack and wait until it is deleted.

    Raises:
        CommandError: CloudFormation failed to delete the stack.
    """
    cloudformation = session.client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": MAX_SECONDS // POLL_SECONDS}
        )
    except WaiterError as error:
        raise CommandError(
            f"CloudFormation failed to delete stack {stack}: {error}; see the stack's events in the console"
        ) from error
    OUTPUT.print(f"deleted {stack}")


def delete_job_logs(session: Session, name: str) -> int:
    """Delete the environment's log streams. All jobs of an account share the log groups.

    Returns:
        Number of deleted streams.
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
    """Delete every version of every object in a bucket.

    Returns:
        Number of deleted versions.

    Raises:
        CommandError: S3 failed to delete a version.
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
            raise CommandError(f"bucket {bucket}: S3 failed to delete {first['Key']}: {first.get('Message')}")
        deleted += len(versions)
    return deleted


def _running_jobs(sagemaker: "SageMakerClient", name: str) -> Iterator[str]:
    for kind in JOB_KINDS:
        # The cast is needed because each overload accepts one operation name only.
        jobs = cast("Any", sagemaker).get_paginator(f"list_{kind.lower()}_jobs")
        for status in ("InProgress", "Stopping"):
            for page in jobs.paginate(NameContains=f"{name}-", StatusEquals=status):
                names = [job[f"{kind}JobName"] for job in page[f"{kind}JobSummaries"]]
                yield from (job for job in names if job.startswith(f"{name}-"))


def _running_executions(states: "SFNClient", state_machine: str) -> list[str]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine, statusFilter="RUNNING")
    return [execution["executionArn"] for page in pages for execution in page["executions"]]
