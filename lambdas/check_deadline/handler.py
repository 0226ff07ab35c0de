"""Looks, at the deadline, whether the runs that are due are published, and says why not."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from botocore.config import Config

from contract.environments.monitoring import CheckDeadlineEnvironment
from contract.metrics import Metric
from contract.partitions import WHOLE
from contract.periods import last_complete_period
from lambdas.shared.clients import clients
from lambdas.shared.clock import local_date
from lambdas.shared.logs import logged
from lambdas.shared.metrics import COUNT, put
from lambdas.shared.partitions import partition_names
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, Run
from lambdas.shared.registry_table import RunTable

from .words import of_all, of_many

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

RECENT = timedelta(days=1)
LOOKS_AT_A_TIME = 32

# One connection a look.
_client = clients(Config(max_pool_connections=LOOKS_AT_A_TIME))


class DeadlineEvent(TypedDict):
    """What the scheduler sends at the deadline."""

    scheduled_time: str


class LateRuns(TypedDict):
    """The runs that are due, and how many of them are late."""

    cutoff: str
    late: int


@dataclass(frozen=True, kw_only=True)
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
        partitions: Those there are; None in an environment that has none.
    """

    table: RunTable
    topics: "SNSClient"
    topic: str
    deployment: str
    frequency: str
    period_label: str
    time_zone: str
    partitions: Sequence[str] | None = None


@logged
def handler(event: DeadlineEvent, _context: object) -> LateRuns:
    """Answers the scheduler at the deadline; the event has the `scheduled_time` of it."""
    environment = CheckDeadlineEnvironment.from_environment(os.environ)
    source = environment.source
    deadline = Deadline(
        table=RunTable(_client("dynamodb"), environment.table),
        topics=_client("sns"),
        topic=environment.topic,
        deployment=environment.deployment,
        frequency=environment.frequency,
        period_label=environment.period_label,
        time_zone=environment.time_zone,
        partitions=None if source is None else partition_names(_client("s3"), source),
    )
    outcome = check_deadline(event, deadline=deadline)
    put(deadline.deployment, {Metric.RUNS_LATE: (outcome["late"], COUNT)}, about={"cutoff": outcome["cutoff"]})
    return outcome


def check_deadline(event: DeadlineEvent, *, deadline: Deadline) -> LateRuns:
    """Tells the operators, in one message, of the runs that are due and not published.

    Args:
        event: `scheduled_time`, ISO.
        deadline: What is due.

    Returns:
        `cutoff` of the runs that are due, and how many of them are `late`.
    """
    moment = datetime.fromisoformat(event["scheduled_time"])
    today = local_date(moment, time_zone=deadline.time_zone)
    cutoff = last_complete_period(today, frequency=deadline.frequency, label=deadline.period_label).isoformat()
    names = [WHOLE] if deadline.partitions is None else deadline.partitions

    def look(partition: str) -> Run | None:
        return _late(partition, cutoff, moment, deadline.table)

    with ThreadPoolExecutor(LOOKS_AT_A_TIME) as looks:
        found = zip(names, looks.map(look, names), strict=True)
        late = {name: run for name, run in found if run is not None}
    if deadline.partitions is None and late:
        _tell(deadline, of_all(late[WHOLE], deployment=deadline.deployment, cutoff=cutoff))
    # Where no demand is found at all, nothing that is due can be there.
    elif deadline.partitions is not None and (late or not names):
        _tell(deadline, of_many(late, count=len(names), deployment=deadline.deployment, cutoff=cutoff))
    return {"cutoff": cutoff, "late": len(late) if names else 1}


def _late(partition: str, cutoff: str, moment: datetime, table: RunTable) -> Run | None:
    """The run that tells why the one that is due is not there; None where it is published."""
    run = table.get(partition, cutoff)
    if run.published is not None:
        return None
    if run.last is not None:
        return run
    # One that was started by hand, without a cutoff, has no other name until its job is done.
    latest = table.get(partition, UNRESOLVED_CUTOFF)
    recent = latest.last is not None and moment - datetime.fromisoformat(latest.last.started_at) < RECENT
    return latest if recent else run


def _tell(deadline: Deadline, told: tuple[str, str]) -> None:
    subject, message = told
    deadline.topics.publish(TopicArn=deadline.topic, Subject=subject, Message=message)
