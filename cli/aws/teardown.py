"""The removal of an environment, step by step; each step may be repeated.

The caller's own credentials do it: no deployed function may empty a bucket.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from botocore.exceptions import WaiterError

from cli.aws.deployed import Deployed
from cli.aws.session import Clients
from cli.console import OUTPUT, progress
from cli.errors import CommandError
from contract.names import JOB_KINDS, job_log_group

# A job that is stopped has two minutes, and uploads what it has.
MOST_SECONDS = 900
POLL_SECONDS = 2


def take_down(clients: Clients, deployed: Deployed, name: str) -> None:
    """Delete an environment, and print a line for each step.

    Args:
        clients: Makes the client of a service.
        deployed: What there is.
        name: The deployment's name, `onejob-dev` for example.

    Raises:
        CommandError: A step failed; the message says which one, and what to do.
    """
    with progress("stopping executions") as show:
        delete_schedules(clients, deployed.schedules)
        for state_machine in deployed.state_machines:
            OUTPUT.print(f"executions stopped: {stop_executions(clients, state_machine)}")
        # A job needs its role until its end, and the network it is in.
        show("waiting for the last job to end")
        wait_for_jobs(clients, name)
        if deployed.forecast_stack:
            show(f"deleting {deployed.forecast_stack}")
            delete_stack(clients, deployed.forecast_stack)
        OUTPUT.print(f"logs of jobs deleted: {delete_job_logs(clients, name)}")
        for bucket in deployed.buckets:
            show(f"emptying {bucket}")
            OUTPUT.print(f"emptied {bucket}: {empty(clients, bucket)} versions")
        if deployed.data_stack:
            show(f"deleting {deployed.data_stack}")
            delete_stack(clients, deployed.data_stack)


def delete_schedules(clients: Clients, schedules: Sequence[str]) -> None:
    """Deletes what starts runs by itself; its stack takes no offence."""
    scheduler = clients("scheduler")
    for schedule in schedules:
        with suppress(scheduler.exceptions.ResourceNotFoundException):
            scheduler.delete_schedule(Name=schedule)


def stop_executions(clients: Clients, state_machine: str) -> int:
    """Stops what a state machine executes, and with it the jobs, until nothing is executed.

    An execution of all partitions that was stopped stops those it has started, and may have begun to start another.

    Returns:
        How many executions were stopped.

    Raises:
        CommandError: One still runs after a quarter of an hour.
    """
    states, stopped = clients("stepfunctions"), set[str]()
    end = time.monotonic() + MOST_SECONDS
    while running := _running_executions(states, state_machine):
        if time.monotonic() > end:
            raise CommandError(f"still running: {', '.join(running[:3])}; stop it and start again")
        for execution in running:
            states.stop_execution(executionArn=execution, cause="The environment is being taken down")
        stopped |= set(running)
        time.sleep(POLL_SECONDS)
    return len(stopped)


def wait_for_jobs(clients: Clients, name: str) -> None:
    """Waits until no job of the environment is at work: it would write into a bucket that was emptied.

    Raises:
        CommandError: One still is after a quarter of an hour.
    """
    end = time.monotonic() + MOST_SECONDS
    while jobs := list(_running_jobs(clients("sagemaker"), name)):
        if time.monotonic() > end:
            raise CommandError(f"still running: {', '.join(jobs[:3])}; stop it and start again")
        time.sleep(POLL_SECONDS)


def delete_stack(clients: Clients, stack: str) -> None:
    """Deletes a stack and waits for its end.

    Raises:
        CommandError: It could not be deleted.
    """
    cloudformation = clients("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    try:
        cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": POLL_SECONDS, "MaxAttempts": MOST_SECONDS // POLL_SECONDS}
        )
    except WaiterError as error:
        raise CommandError(f"stack {stack} could not be deleted, see its events in the console: {error}") from error
    OUTPUT.print(f"deleted {stack}")


def delete_job_logs(clients: Clients, name: str) -> int:
    """Deletes the environment's streams in the log groups that all jobs of an account share.

    Returns:
        How many there were.
    """
    logs, deleted = clients("logs"), 0
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


def empty(clients: Clients, bucket: str) -> int:
    """Deletes every version of every object.

    Returns:
        How many versions there were.

    Raises:
        CommandError: S3 did not delete all of them.
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
            raise CommandError(f"bucket {bucket}: {first['Key']} could not be deleted: {first.get('Message')}")
        deleted += len(versions)
    return deleted


def _running_jobs(sagemaker: Any, name: str) -> Iterator[str]:  # noqa: ANN401 (boto3's clients are made at run time)
    for kind in JOB_KINDS:
        jobs = sagemaker.get_paginator(f"list_{kind.lower()}_jobs")
        for status in ("InProgress", "Stopping"):
            for page in jobs.paginate(NameContains=f"{name}-", StatusEquals=status):
                names = [job[f"{kind}JobName"] for job in page[f"{kind}JobSummaries"]]
                yield from (job for job in names if job.startswith(f"{name}-"))


def _running_executions(states: Any, state_machine: str) -> list[str]:  # noqa: ANN401
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=state_machine, statusFilter="RUNNING")
    return [execution["executionArn"] for page in pages for execution in page["executions"]]
