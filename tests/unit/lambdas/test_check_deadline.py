"""CheckDeadline notifies the operators of runs that are not published by their deadline."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.check_deadline import handler as module
from lambdas.check_deadline.handler import Deadline
from lambdas.check_deadline.handler import check_deadline as typed_check_deadline
from lambdas.check_deadline.messages import SHOWN, late_partitions_message
from lambdas.shared.registry_claim import claim
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, Attempt, Run, Status, begin_publishing, close_attempt
from lambdas.shared.registry_table import RunTable
from tests.leases import lease_request
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, DATA_BUCKET, TABLE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
check_deadline: Any = typed_check_deadline
handle: Any = module.handler

CUTOFF, AT = "2026-11-16", "2026-11-23T05:10:00+00:00"
DUE = {"scheduled_time": "2026-11-23T08:00:00Z"}  # Monday, nine o'clock in Berlin
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:onejob-prod-forecast:weekly"


class Topics:
    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []

    def publish(self, **message: str) -> None:
        self.sent.append(message)


@pytest.fixture
def deadline(table: RunTable) -> Deadline:
    return Deadline(
        table=table,
        topics=as_client(Topics()),
        topic="arn:topic",
        deployment="onejob-prod",
        frequency="W-MON",
        period_label="start",
        time_zone="Europe/Berlin",
    )


def sent(deadline: Deadline) -> list[dict[str, str]]:
    topics: Any = deadline.topics
    assert isinstance(topics, Topics)
    return topics.sent


def begin(deadline: Deadline) -> None:
    deadline.table.change(
        "all",
        CUTOFF,
        lambda run: claim(
            run,
            lease_request(EXECUTION, at=AT, started_by="schedule", lease_seconds=60),
        ),
    )


def test_a_published_run_is_not_late_after_later_attempts(deadline: Deadline) -> None:
    begin(deadline)
    deadline.table.change("all", CUTOFF, lambda run: begin_publishing(run, EXECUTION, {}))
    deadline.table.change("all", CUTOFF, lambda run: close_attempt(run, EXECUTION, "published", now=AT, details={}))
    again = lease_request("other", at=AT, fingerprint="g", force=True)
    deadline.table.change("all", CUTOFF, lambda run: claim(run, again))
    assert check_deadline(DUE, deadline=deadline) == {"cutoff": CUTOFF, "late": 0}
    assert sent(deadline) == []


@pytest.mark.parametrize(
    ("zone", "cutoff"),
    [("", "2026-11-16T09:00"), ("Europe/Berlin", "2026-11-16T08:00Z"), ("Asia/Kolkata", "2026-11-16T07:30Z")],
)
def test_hours_are_due_when_they_are_over(deadline: Deadline, zone: str, cutoff: str) -> None:
    hourly = replace(deadline, frequency="h", demand_time_zone=zone)
    due = {"scheduled_time": "2026-11-16T09:20:00Z"}
    assert check_deadline(due, deadline=hourly) == {"cutoff": cutoff, "late": 1}


@pytest.mark.parametrize(
    ("time", "changes", "cutoff"),
    [
        ("2026-11-23T05:59:00+01:00", {}, "2026-11-16"),
        ("2026-11-23T05:59:00+01:00", {"day_begins_at": 6}, "2026-11-09"),
        ("2026-11-23T06:00:00+01:00", {"day_begins_at": 6}, "2026-11-16"),
        ("2026-11-23T05:59:00+01:00", {"demand_time_zone": "America/New_York"}, "2026-11-09"),
        ("2026-11-22T16:00:00+01:00", {"demand_time_zone": "Asia/Tokyo"}, "2026-11-16"),
        ("2026-11-22T16:00:00+01:00", {"demand_time_zone": "Asia/Tokyo", "day_begins_at": 1}, "2026-11-09"),
    ],
)
def test_a_week_is_due_when_its_last_day_ends_in_the_zone_of_the_demand(
    deadline: Deadline, time: str, changes: dict[str, Any], cutoff: str
) -> None:
    assert check_deadline({"scheduled_time": time}, deadline=replace(deadline, **changes))["cutoff"] == cutoff


def test_a_run_that_was_not_started_is_late(deadline: Deadline) -> None:
    assert check_deadline(DUE, deadline=deadline) == {"cutoff": CUTOFF, "late": 1}
    (message,) = sent(deadline)
    assert message["TopicArn"] == "arn:topic"
    assert message["Subject"] == "onejob-prod: late: no forecast from 2026-11-16"
    assert "No execution works on it" in message["Message"]


def test_the_message_names_the_open_or_failed_execution(deadline: Deadline) -> None:
    begin(deadline)
    check_deadline(DUE, deadline=deadline)
    assert f"Execution weekly has been working on it since {AT}" in sent(deadline)[0]["Message"]
    failed = {"summary": "demand: no files."}
    deadline.table.change("all", CUTOFF, lambda run: close_attempt(run, EXECUTION, "failed", now=AT, details=failed))
    check_deadline(DUE, deadline=deadline)
    assert f"Execution weekly ended with status failed at {AT}: demand: no files. Its" in sent(deadline)[1]["Message"]


@pytest.mark.parametrize(
    ("begun", "expected"), [(AT, "has been working on it"), ("2026-11-16T05:10:00+00:00", "No exec")]
)
def test_a_run_that_was_started_by_hand_without_a_cutoff(deadline: Deadline, begun: str, expected: str) -> None:
    request = lease_request(EXECUTION, at=begun, lease_seconds=60)
    deadline.table.change("all", UNRESOLVED_CUTOFF, lambda run: claim(run, request))
    check_deadline(DUE, deadline=deadline)
    assert expected in sent(deadline)[0]["Message"]


def test_the_deadline_uses_the_date_in_the_time_zone(deadline: Deadline) -> None:
    # 00:30 on Monday in Berlin is still Sunday in UTC. The week of the 9th has just ended in Berlin.
    assert check_deadline({"scheduled_time": "2026-11-15T23:30:00Z"}, deadline=deadline)["cutoff"] == "2026-11-09"


def keep(deadline: Deadline, partition: str, status: Status, *, cutoff: str = CUTOFF) -> None:
    attempt = Attempt(
        number=1,
        execution=f"{EXECUTION}-{partition}",
        started_by="schedule",
        started_at=AT,
        fingerprint="f",
        status=status,
        ended_at=AT,
        details={"summary": "demand: no files."},
    )
    published = 1 if status == "published" else None
    deadline.table.change(
        partition,
        cutoff,
        lambda _run: Run(partition=partition, cutoff=cutoff, attempts=(attempt,), published=published),
    )


def test_late_partitions_are_in_one_message(deadline: Deadline) -> None:
    there = replace(deadline, partitions=("AT", "DE", "FR", "IT", "PL"))
    keep(there, "AT", "published")
    keep(there, "DE", "failed")
    keep(there, "FR", "running")
    keep(there, "PL", "failed", cutoff=UNRESOLVED_CUTOFF)
    assert check_deadline(DUE, deadline=there) == {"cutoff": CUTOFF, "late": 4}
    (message,) = sent(deadline)
    assert message["Subject"] == "onejob-prod: late: 4 of 5 partitions without forecast from 2026-11-16"
    lines = message["Message"].splitlines()
    assert lines[0].startswith("onejob-prod: 4 of 5 partitions have no published forecast with cutoff 2026-11-16 by")
    assert lines[2:6] == [
        f"DE: failed at {AT}, execution weekly-DE: demand: no files",
        f"FR: in progress since {AT}, execution weekly-FR",
        "IT: no execution works on it",
        f"PL: failed at {AT}, execution weekly-PL: demand: no files",
    ]
    assert "The dashboard onejob-prod lists the partitions that need action." in lines[7]
    assert f'state machine onejob-prod-partitions with {{"cutoff": "{CUTOFF}"}}' in lines[7]


def test_published_partitions_are_not_late(deadline: Deadline) -> None:
    there = replace(deadline, partitions=("AT", "DE"))
    for partition in ("AT", "DE"):
        keep(there, partition, "published")
    assert check_deadline(DUE, deadline=there) == {"cutoff": CUTOFF, "late": 0}
    assert sent(deadline) == []


def test_partitions_without_demand_are_late(deadline: Deadline) -> None:
    assert check_deadline(DUE, deadline=replace(deadline, partitions=()))["late"] == 1
    assert "no partition has demand" in sent(deadline)[0]["Message"]


def test_the_first_of_thousands_are_named() -> None:
    long = Attempt(
        number=1,
        execution=EXECUTION,
        started_by="schedule",
        started_at=AT,
        fingerprint="f",
        status="failed",
        ended_at=AT,
        details={"summary": "no " * 500},
    )
    late = {f"p{number:04}": Run(partition=f"p{number:04}", cutoff=CUTOFF, attempts=(long,)) for number in range(5_000)}
    subject, message = late_partitions_message(late, count=5_000, deployment=f"{'x' * 15}-{'y' * 12}", cutoff=CUTOFF)
    assert len(subject) <= 100  # SNS's limit
    assert message.count("p00") == SHOWN
    assert "... and 4,990 more" in message
    assert len(message) < 6_000


@pytest.mark.parametrize("named", [["AT", "DE"], None])
def test_the_handler_finds_partitions_and_counts_late_ones(
    deadline: Deadline,
    s3: "S3Client",
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    named: list[str] | None,
) -> None:
    for partition in ("AT", "DE"):
        s3.put_object(Bucket=DATA_BUCKET, Key=f"demand/partition={partition}/a.csv", Body=b"x")
    clients = {"dynamodb": deadline.table._client, "sns": deadline.topics, "s3": s3}
    monkeypatch.setattr(module, "_client", clients.__getitem__)
    for name, value in (
        ("TABLE", TABLE),
        ("TOPIC", "arn:topic"),
        ("DEPLOYMENT", "onejob-prod"),
        ("FREQUENCY", "W-MON"),
        ("PERIOD_LABEL", "start"),
        ("TIME_ZONE", "Europe/Berlin"),
        ("DEMAND_TIME_ZONE", ""),
        ("DAY_BEGINS_AT", "0"),
        ("DATA_BUCKET", DATA_BUCKET),
        ("PARTITIONS", json.dumps(named)),
    ):
        monkeypatch.setenv(name, value)
    keep(deadline, "DE", "published")
    assert handle(DUE, CONTEXT) == {"cutoff": CUTOFF, "late": 1}
    metric = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (metric["RunsLate"], metric["cutoff"]) == (1, CUTOFF)
    assert "AT: no execution works on it" in sent(deadline)[0]["Message"]
