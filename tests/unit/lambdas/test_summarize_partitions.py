"""The table of all partitions' outcomes, and the notification."""

import csv
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.shared.console_links import execution_link, object_link
from lambdas.summarize_partitions import handler as module
from lambdas.summarize_partitions.handler import summarize_partitions as typed_summarize_partitions
from lambdas.summarize_partitions.table import (
    MAX_REASON,
    SHOWN,
    Row,
    as_csv,
    describe_counts,
    list_unfinished,
    row,
)
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, FORECAST_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
summarize_partitions: Any = typed_summarize_partitions
handle: Any = module.handler

ITEM: Any = {"partition": "DE", "name": "DE-0a1b2c3d"}
RUN = "DE-0a1b2c3d-0"
PUBLISHED = {
    "published": True,
    "run_id": "onejob-dev-1",
    "cutoff": "2026-11-16",
    "series": 12,
    "metrics": {"forecast": {"wape": 0.25}},
}
FOLDER = "partitions/execution=3f0c/"
ARN = "arn:aws:states:eu-central-1:123456789012:execution:onejob-dev-partitions:3f0c"


def ended_well(**output: Any) -> dict[str, Any]:
    return {**ITEM, "child": {"name": RUN, "output": output}}


def ended_badly(status: str, **description: Any) -> dict[str, Any]:
    cause = json.dumps({"Name": RUN, "Status": status, "Input": "{}", **description})
    return {**ITEM, "error": {"Error": "States.TaskFailed", "Cause": cause}}


def test_a_published_run() -> None:
    assert row(ITEM, ended_well(**PUBLISHED)) == Row(
        partition="DE",
        outcome="published",
        cutoff="2026-11-16",
        run_id="onejob-dev-1",
        series=12,
        wape=0.25,
        execution=RUN,
    )


@pytest.mark.parametrize("metrics", [{}, {"metrics": None}, {"metrics": {}}, {"metrics": {"forecast": None}}])
def test_a_run_too_short_for_a_backtest_has_no_error(metrics: dict[str, Any]) -> None:
    output = {name: value for name, value in PUBLISHED.items() if name != "metrics"}
    found = row(ITEM, ended_well(**output, **metrics))
    assert (found.outcome, found.wape) == ("published", None)


def test_a_superseded_run_is_a_success() -> None:
    found = row(ITEM, ended_well(**{**PUBLISHED, "published": False}))
    assert (found.outcome, found.run_id, found.is_success) == ("superseded", "onejob-dev-1", True)


def test_a_run_published_before_is_a_success() -> None:
    claim = {"claimed": False, "reason": "published", "run_id": "onejob-dev-0", "cutoff": "2026-11-16", "message": "x"}
    found = row(ITEM, ended_well(**claim))
    assert found == Row(
        partition="DE", outcome="published before", cutoff="2026-11-16", run_id="onejob-dev-0", execution=RUN
    )
    assert found.is_success


@pytest.mark.parametrize("run_id", [None, "onejob-dev-0"])
def test_a_run_of_another_execution_is_not_a_success(run_id: str | None) -> None:
    text = "Execution x has been working on\nthe run since noon."
    claim = {"claimed": False, "reason": "running", "run_id": run_id, "cutoff": "latest", "message": text}
    found = row(ITEM, ended_well(**claim))
    assert (found.outcome, found.is_success) == ("running elsewhere", False)
    assert found.reason == "Execution x has been working on the run since noon."


def test_a_run_rejected_by_the_quality_gate() -> None:
    cause = json.dumps({"errorMessage": "WAPE 0.9 is beyond 0.5"})
    found = row(ITEM, ended_badly("FAILED", Error="QualityGateFailed", Cause=cause))
    assert found == Row(
        partition="DE",
        outcome="pending_approval",
        kind="QualityGateFailed",
        reason="WAPE 0.9 is beyond 0.5",
        execution=RUN,
    )
    assert not found.is_success


@pytest.mark.parametrize(
    "cause",
    [
        json.dumps({"errorMessage": "demand: no files", "errorType": "InputError"}),
        "demand: no files",
    ],
)
def test_a_failed_run_has_its_reason(cause: str) -> None:
    found = row(ITEM, ended_badly("FAILED", Error="InputError", Cause=cause))
    assert found == Row(partition="DE", outcome="failed", kind="InputError", reason="demand: no files", execution=RUN)


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_an_aborted_or_timed_out_run_has_its_status_as_kind(status: str) -> None:
    found = row(ITEM, ended_badly(status))
    assert found == Row(
        partition="DE", outcome="failed", kind=status, reason=f"the execution ended with status {status}", execution=RUN
    )


def test_an_aborted_run_keeps_its_cause() -> None:
    found = row(ITEM, ended_badly("ABORTED", Cause="the night shift", Error=None))
    assert (found.kind, found.reason) == ("ABORTED", "the night shift")


@pytest.mark.parametrize("cause", ["Rate exceeded (Service: Sfn, Status Code: 400)", "[]", "5", '"text"', ""])
def test_a_run_that_did_not_start(cause: str) -> None:
    answer = {**ITEM, "error": {"Error": "StepFunctions.ThrottlingException", "Cause": cause}}
    found = row(ITEM, answer)
    assert (found.outcome, found.kind, found.reason) == ("failed", "StepFunctions.ThrottlingException", cause)
    assert found.execution == "DE-0a1b2c3d"


def test_a_run_without_a_result() -> None:
    found = row(ITEM, None)
    assert (found.outcome, found.kind, found.reason) == ("failed", "Unknown", "the execution left no result")


MALFORMED: list[Any] = [
    *(
        ended_well(**{name: value for name, value in PUBLISHED.items() if name != left})
        for left in ("cutoff", "run_id")
    ),
    ended_well(claimed=False, reason="published", run_id="onejob-dev-0"),
    ended_well(claimed=False, reason="running", cutoff="latest", message=5),
    ended_well(**{**PUBLISHED, "metrics": "good"}),
    *({**ITEM, "child": {"name": RUN, "output": output}} for output in (None, "text", ["a"], 5)),
    *({**ITEM, "child": child} for child in (None, "text", {}, {"name": RUN})),
    *({**ITEM, "error": error} for error in (None, "text", 5)),
    ended_badly("FAILED", Error="InputError", Cause={"errorMessage": "no text"}),
    ITEM,
    [],
    "error",
    5,
]


@pytest.mark.parametrize("answer", MALFORMED)
def test_an_invalid_result_is_a_failure(answer: Any) -> None:
    found = row(ITEM, answer)
    assert (found.partition, found.outcome, found.kind, found.execution) == ("DE", "failed", "Unknown", ITEM["name"])
    assert found.reason.startswith("the execution's result is unreadable: ")


def test_a_reason_is_one_short_line() -> None:
    cause = json.dumps({"errorMessage": "a very\nlong story. " * 100})
    reason = row(ITEM, ended_badly("FAILED", Error="InputError", Cause=cause)).reason
    assert len(reason) == MAX_REASON
    assert "\n" not in reason
    assert reason.endswith("...")


def test_the_table_begins_with_partitions_that_need_action() -> None:
    rows = [
        Row(partition="a", outcome="published", series=1, wape=0.5),
        Row(partition="c", outcome="published before"),
        Row(partition="e", outcome="failed", kind="InputError", reason='columns "a", "b"'),
        Row(partition="b", outcome="pending_approval"),
        Row(partition="d", outcome="failed"),
        Row(partition="f", outcome="superseded"),
        Row(partition="g", outcome="running elsewhere"),
    ]
    table = as_csv(rows)
    found = list(csv.DictReader(io.StringIO(table)))
    assert [each["partition"] for each in found] == ["d", "e", "b", "g", "a", "c", "f"]
    assert found[1]["reason"] == 'columns "a", "b"'
    assert (found[4]["series"], found[4]["wape"], found[4]["kind"], found[5]["wape"]) == ("1", "0.5", "", "")
    assert as_csv(reversed(rows)) == table
    assert describe_counts(rows) == (
        "1 superseded, 1 published before, 1 published, 1 running elsewhere, 1 pending_approval, 2 failed"
    )


def test_the_first_partitions_that_need_action_are_listed() -> None:
    rows = [
        Row(partition=f"p{number:02}", outcome="failed", kind="JobError", reason="no")
        for number in reversed(range(SHOWN + 3))
    ]
    lines = list_unfinished([*rows, Row(partition="a", outcome="published")]).splitlines()
    assert lines[:2] == ["p00: failed (JobError): no", "p01: failed (JobError): no"]
    assert lines[SHOWN:] == ["... and 3 more, in the table"]
    assert list_unfinished([Row(partition="b", outcome="running elsewhere", reason="x")]) == "b: running elsewhere: x"


def put(s3: "S3Client", key: str, content: Any) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key=key, Body=json.dumps(content).encode())


def state(s3: "S3Client", answers: dict[str, Any]) -> dict[str, Any]:
    """Write the execution's list and results, and return the state."""
    items = [
        {"partition": name, "name": f"{name}-0a1b2c3d", "outcome": f"{FOLDER}outcomes/{name}.json"} for name in answers
    ]
    put(s3, f"{FOLDER}items.json", items)
    for item, answer in zip(items, answers.values(), strict=True):
        if answer is not None:
            put(s3, item["outcome"], {**item, **answer})
    return {"execution": {"id": ARN, "name": "3f0c"}, "plan": {"items": f"{FOLDER}items.json", "invalid_names": None}}


def summed(s3: "S3Client", answers: dict[str, Any]) -> Any:
    return summarize_partitions(state(s3, answers), deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)


def table(s3: "S3Client") -> list[dict[str, str]]:
    body = s3.get_object(Bucket=FORECAST_BUCKET, Key=f"{FOLDER}outcomes.csv")["Body"].read().decode()
    return list(csv.DictReader(io.StringIO(body)))


def test_the_message_of_a_success_is_short(s3: "S3Client") -> None:
    outcome = summed(s3, {"DE": ended_well(**PUBLISHED), "FR": ended_well(**PUBLISHED)})
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["succeeded"]) == (True, 2, 2)
    assert outcome["subject"] == "onejob-dev: all partitions succeeded"
    link = object_link(f"s3://{FORECAST_BUCKET}/{FOLDER}outcomes.csv", region="eu-central-1")
    assert outcome["message"] == (
        f"onejob-dev, 2 partitions: 2 published.\n\nTable: {link}\nExecution: {execution_link(ARN)}"
    )
    assert [each["partition"] for each in table(s3)] == ["DE", "FR"]


def test_an_unfinished_execution_fails_with_the_counts(s3: "S3Client") -> None:
    failed = ended_badly("FAILED", Error="InputError", Cause="demand: no files")
    outcome = summed(s3, {"DE": ended_well(**PUBLISHED), "FR": failed, "IT": None})
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["succeeded"]) == (False, 3, 1)
    assert outcome["error"] == "PartitionsFailed"
    assert outcome["cause"].startswith(f"1 published, 2 failed. The table s3://{FORECAST_BUCKET}/{FOLDER}outcomes.csv")
    assert (
        "FR: failed (InputError): demand: no files\nIT: failed (Unknown): the execution left no result"
        in (outcome["message"])
    )


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\xfd", json.dumps({**ITEM, "child": None}).encode()])
def test_an_unreadable_result_does_not_affect_the_others(s3: "S3Client", body: bytes) -> None:
    event = state(s3, {"DE": ended_well(**PUBLISHED), "FR": {}})
    s3.put_object(Bucket=FORECAST_BUCKET, Key=f"{FOLDER}outcomes/FR.json", Body=body)
    outcome = summarize_partitions(event, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["all_succeeded"], outcome["counts"]) == (False, "1 published, 1 failed")
    first, second = table(s3)
    assert (first["partition"], first["outcome"], first["kind"]) == ("FR", "failed", "Unknown")
    assert (second["partition"], second["outcome"]) == ("DE", "published")


def test_an_aborted_map_has_a_table_and_a_reason(s3: "S3Client") -> None:
    event = state(s3, {"DE": ended_well(**PUBLISHED), "FR": None})
    event["error"] = {"Error": "States.ItemReaderFailed", "Cause": "no\nlist " * 200}
    outcome = summarize_partitions(event, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["succeeded"]) == (False, 2, 1)
    text = "The Map over the partitions aborted: States.ItemReaderFailed: no list no list"
    first, second, third, *_ = outcome["message"].split("\n\n")
    assert first == "onejob-dev, 2 partitions: 1 published, 1 failed."
    assert second.startswith(text)
    assert len(second) < MAX_REASON + 100
    assert third == "FR: failed (Unknown): the execution left no result"
    assert outcome["error"] == "PartitionsFailed"
    assert outcome["cause"].startswith("1 published, 1 failed. The table s3://")
    assert text in outcome["cause"]
    assert [each["reason"] for each in table(s3)] == ["the execution left no result", ""]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ({"Error": "States.Timeout"}, "States.Timeout"),
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout"),
        ({"Cause": "x"}, "x"),
        ({}, "no reason was reported"),
    ],
)
def test_an_aborted_map_fails_even_if_all_runs_succeeded(s3: "S3Client", error: dict[str, str], why: str) -> None:
    event = {**state(s3, {"DE": ended_well(**PUBLISHED)}), "error": error}
    outcome = summarize_partitions(event, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["succeeded"]) == (False, 1, 1)
    assert outcome["subject"] == "onejob-dev: not all partitions succeeded"
    lines = outcome["message"].split("\n\n")
    assert lines[1] == f"The Map over the partitions aborted: {why}"
    assert lines[2].startswith("Fix the causes")
    assert outcome["cause"].endswith(lines[1])


def test_results_of_an_earlier_execution_are_ignored(s3: "S3Client") -> None:
    put(s3, "partitions/execution=before/outcomes/IT.json", ended_well(**PUBLISHED))
    assert summed(s3, {"IT": None})["all_succeeded"] is False


class Objects:
    """The used part of an S3 client, because moto is slow with thousands of objects. Pages have S3's size."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put_object(self, *, Key: str, Body: bytes, **_more: Any) -> None:  # noqa: N803 (as boto3 has it)
        self.kept[Key] = Body

    def get_object(self, *, Key: str, **_more: Any) -> dict[str, Any]:  # noqa: N803
        return {"Body": io.BytesIO(self.kept[Key])}

    def get_paginator(self, _name: str) -> "Objects":
        return self

    def paginate(self, *, Prefix: str, **_more: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        found = [{"Key": key} for key in sorted(self.kept) if key.startswith(Prefix)]
        yield from ({"Contents": found[first : first + 1_000]} for first in range(0, len(found), 1_000))


def test_a_partition_with_an_invalid_name_is_in_the_table(s3: "S3Client") -> None:
    event = state(s3, {"DE": ended_well(**PUBLISHED)})
    put(s3, f"{FOLDER}invalid_names.json", ["UK & IE"])
    event["plan"]["invalid_names"] = f"{FOLDER}invalid_names.json"
    outcome = summarize_partitions(event, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["partitions"], outcome["succeeded"], outcome["all_succeeded"]) == (2, 1, False)
    first, *_ = table(s3)
    assert (first["partition"], first["outcome"], first["kind"]) == ("UK & IE", "failed", "InputError")
    assert "UK & IE: failed (InputError): the folder's name is invalid" in outcome["message"]


def test_message_and_data_stay_short_for_thousands() -> None:
    """The table has every partition, from every page of the listing."""
    failed = ended_badly("FAILED", Error="InputError", Cause=json.dumps({"errorMessage": "no " * 500}))
    names = [f"{number:04}{'x' * 60}" for number in range(5_000)]
    answers = {name: failed if number % 125 == 0 else ended_well(**PUBLISHED) for number, name in enumerate(names)}
    s3 = as_client(Objects())
    outcome = summed(s3, answers)
    assert outcome["counts"] == "4,960 published, 40 failed"
    assert outcome["message"].count("failed (InputError)") == SHOWN
    assert "... and 30 more, in the table" in outcome["message"]
    assert len(outcome["message"]) < 6_000
    assert len(json.dumps(outcome)) < 10_000
    assert len(outcome["subject"]) <= 100
    found = table(s3)
    assert sorted(each["partition"] for each in found) == names
    assert [each["outcome"] for each in found] == ["failed"] * 40 + ["published"] * 4_960


def test_the_handler_counts_unfinished_partitions(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "_client", lambda _service: s3)
    monkeypatch.setenv("DEPLOYMENT", "onejob-dev")
    monkeypatch.setenv("FORECAST_BUCKET", FORECAST_BUCKET)
    answer = handle(state(s3, {"DE": ended_well(**PUBLISHED), "IT": None}), CONTEXT)
    assert json.loads(json.dumps(answer)) == answer
    metric, done = map(json.loads, capsys.readouterr().out.splitlines())
    assert (metric["PartitionsUnfinished"], metric["execution"]) == (1, ARN)
    assert done["message"] == "done"
