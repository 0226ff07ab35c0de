"""Looks, at the deadline, whether the run that is due is published, and says why not."""

import functools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.client import BaseClient

from lambdas.observation.logs import logged
from lambdas.observation.metrics import COUNT, put
from lambdas.run_calendar.clock import local_date
from lambdas.run_calendar.periods import last_complete_period
from lambdas.run_registry.record import LATEST, Run
from lambdas.run_registry.table import RunTable

PARTITION = "all"
RECENT = timedelta(days=1)


@dataclass(frozen=True)
class Deadline:
    """What is due, and who hears that it is not there.

    Attributes:
        table: The run registry.
        topics: An SNS client.
        topic: ARN of the outcomes' topic.
        deployment: Name of the deployment.
        frequency: Of the demand.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        time_zone: IANA name of the zone whose midnight completes a period.
    """

    table: RunTable
    topics: BaseClient
    topic: str
    deployment: str
    frequency: str
    period_label: str
    time_zone: str


@logged
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers the scheduler at the deadline; the event has the `scheduled_time` of it."""
    names = ("topic", "deployment", "frequency", "period_label", "time_zone")
    deadline = Deadline(
        table=RunTable(_client("dynamodb"), os.environ["TABLE"]),
        topics=_client("sns"),
        **{name: os.environ[name.upper()] for name in names},
    )
    outcome = check_late(event, deadline=deadline)
    put(deadline.deployment, {"RunsLate": (int(outcome["late"]), COUNT)}, about={"cutoff": outcome["cutoff"]})
    return outcome


@functools.cache
def _client(service: str) -> BaseClient:
    return boto3.client(service)


def check_late(event: Mapping[str, Any], *, deadline: Deadline) -> dict[str, Any]:
    """Tells the operators if the run that is due is not published.

    Args:
        event: `scheduled_time`, ISO.
        deadline: What is due.

    Returns:
        `cutoff` of the run that is due, and whether it is `late`.
    """
    moment = datetime.fromisoformat(event["scheduled_time"])
    today = local_date(moment, time_zone=deadline.time_zone)
    cutoff = last_complete_period(today, frequency=deadline.frequency, label=deadline.period_label).isoformat()
    run = deadline.table.get(PARTITION, cutoff)
    if run.published is not None:
        return {"cutoff": cutoff, "late": False}
    # One that was started by hand, without a cutoff, has no other name until its job is done.
    latest = deadline.table.get(PARTITION, LATEST)
    recent = latest.last is not None and moment - datetime.fromisoformat(latest.last.started_at) < RECENT
    message = (
        f"{deadline.deployment}: the forecast from {cutoff} is not published, and should be by now.\n\n"
        f"{_why(latest if recent and not run.last else run)}\n\nReaders go on with the last published run."
    )
    deadline.topics.publish(
        TopicArn=deadline.topic, Subject=f"{deadline.deployment}: late: no forecast from {cutoff}", Message=message
    )
    return {"cutoff": cutoff, "late": True}


def _why(run: Run) -> str:
    last = run.last
    if last is None:
        return (
            "No execution has had it: none was started, or one failed before it had the run. Look at the state "
            "machine's executions, mend what failed, and start one with {}."
        )
    name = last.execution.rsplit(":", 1)[-1]
    if last.is_open:
        return f"Execution {name} has been at work on it since {last.started_at}; there is nothing to do yet."
    summary = str(last.details.get("summary", "")).rstrip(".")
    return f"Execution {name} ended as {last.status} at {last.ended_at}: {summary}. See its message for what helps."
