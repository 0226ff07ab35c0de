"""Check at the deadline whether the due runs are published, and notify the operators if not."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from botocore.config import Config

from contract.calendar.due import last_complete_period
from contract.calendar.labels import label_text
from contract.environments.monitoring import CheckDeadlineEnvironment
from contract.metrics import Metric
from contract.partitions import WHOLE
from lambdas.shared.clients import clients
from lambdas.shared.clock import due_time
from lambdas.shared.logs import log_invocation
from lambdas.shared.metrics import COUNT, emit_metrics
from lambdas.shared.partitions import partition_names
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, Run
from lambdas.shared.registry_table import RunTable

from .messages import late_partitions_message, late_run_message

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

RECENT = timedelta(days=1)
CONCURRENT_READS = 32

# One connection per concurrent read.
_client = clients(Config(max_pool_connections=CONCURRENT_READS))


class DeadlineEvent(TypedDict):
    """The scheduler's event at the deadline."""

    scheduled_time: str


class LateRuns(TypedDict):
    """Cutoff of the due runs, and the number of late ones."""

    cutoff: str
    late: int


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """The due runs, and the topic for notifications about late ones.

    Attributes:
        table: The run registry.
        topics: An SNS client.
        topic: ARN of the topic for outcomes.
        deployment: Name of the deployment.
        frequency: Frequency of the demand.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        time_zone: IANA name of the schedule's zone.
        demand_time_zone: The demand's configured zone; empty if there is none.
        day_begins_at: Hour at which a day of the demand begins.
        partitions: Names of the partitions; None in an environment without partitions.
    """

    table: RunTable
    topics: "SNSClient"
    topic: str
    deployment: str
    frequency: str
    period_label: str
    time_zone: str
    demand_time_zone: str = ""
    day_begins_at: int = 0
    partitions: Sequence[str] | None = None


@log_invocation
def handler(event: DeadlineEvent, _context: object) -> LateRuns:
    """Handle the scheduler's event at the deadline, which has the `scheduled_time`."""
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
        demand_time_zone=environment.demand_time_zone,
        day_begins_at=environment.day_begins_at,
        partitions=None if source is None else partition_names(_client("s3"), source),
    )
    outcome = check_deadline(event, deadline=deadline)
    emit_metrics(deadline.deployment, {Metric.RUNS_LATE: (outcome["late"], COUNT)}, about={"cutoff": outcome["cutoff"]})
    return outcome


def check_deadline(event: DeadlineEvent, *, deadline: Deadline) -> LateRuns:
    """Notify the operators, in one message, of the due runs that are not published.

    Args:
        event: `scheduled_time`, ISO.
        deadline: The due runs.

    Returns:
        `cutoff` of the due runs, and the number of `late` runs.
    """
    moment = datetime.fromisoformat(event["scheduled_time"])
    now = due_time(
        moment,
        frequency=deadline.frequency,
        schedule_zone=deadline.time_zone,
        demand_zone=deadline.demand_time_zone,
        day_begins_at=deadline.day_begins_at,
    )
    cutoff = label_text(last_complete_period(now, frequency=deadline.frequency, label=deadline.period_label))
    names = [WHOLE] if deadline.partitions is None else deadline.partitions

    def read(partition: str) -> Run | None:
        return _late(partition, cutoff, moment, deadline.table)

    with ThreadPoolExecutor(CONCURRENT_READS) as reads:
        found = zip(names, reads.map(read, names), strict=True)
        late = {name: run for name, run in found if run is not None}
    if deadline.partitions is None and late:
        _notify(deadline, late_run_message(late[WHOLE], deployment=deadline.deployment, cutoff=cutoff))
    # Without any demand, no due run can be published.
    elif deadline.partitions is not None and (late or not names):
        _notify(
            deadline, late_partitions_message(late, count=len(names), deployment=deadline.deployment, cutoff=cutoff)
        )
    return {"cutoff": cutoff, "late": len(late) if names else 1}


def _late(partition: str, cutoff: str, moment: datetime, table: RunTable) -> Run | None:
    """Return the run that explains why the due run is late; None if the due run is published."""
    run = table.get(partition, cutoff)
    if run.published is not None:
        return None
    if run.last is not None:
        return run
    # A run started by hand without a cutoff keeps the key `unresolved` until its job is done.
    latest = table.get(partition, UNRESOLVED_CUTOFF)
    recent = latest.last is not None and moment - datetime.fromisoformat(latest.last.started_at) < RECENT
    return latest if recent else run


def _notify(deadline: Deadline, notification: tuple[str, str]) -> None:
    subject, message = notification
    deadline.topics.publish(TopicArn=deadline.topic, Subject=subject, Message=message)
