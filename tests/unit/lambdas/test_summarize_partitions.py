"""The table of what became of all partitions, and the one message about it."""

import csv
import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from lambdas.shared.console_links import execution_link, object_link
from lambdas.summarize_partitions import handler as module
from lambdas.summarize_partitions.handler import summarize_partitions as typed_sum_up
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

# Tests give the keys that a function reads, and no whole state.
summarize_partitions: Any = typed_sum_up
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


def ended_badly(status: str, **described: Any) -> dict[str, Any]:
    cause = json.dumps({"Name": RUN, "Status": status, "Input": "{}", **described})
    return {**ITEM, "error": {"Error": "States.TaskFailed", "Cause": cause}}


def test_a_run_that_was_published() -> None:
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


def test_a_run_older_than_what_is_published_is_kept_and_fine() -> None:
    found = row(ITEM, ended_well(**{**PUBLISHED, "published": False}))
    assert (found.outcome, found.run_id, found.is_success) == ("superseded", "onejob-dev-1", True)


def test_one_that_was_published_before_is_fine() -> None:
    claim = {"claimed": False, "reason": "published", "run_id": "onejob-dev-0", "cutoff": "2026-11-16", "message": "x"}
    found = row(ITEM, ended_well(**claim))
    assert found == Row(
        partition="DE", outcome="published before", cutoff="2026-11-16", run_id="onejob-dev-0", execution=RUN
    )
    assert found.is_success


@pytest.mark.parametrize("run_id", [None, "onejob-dev-0"])
def test_one_that_another_execution_has_may_still_fail(run_id: str | None) -> None:
    told = "Execution x has had\nthe run since noon."
    claim = {"claimed": False, "reason": "running", "run_id": run_id, "cutoff": "latest", "message": told}
    found = row(ITEM, ended_well(**claim))
    assert (found.outcome, found.is_success) == ("running elsewhere", False)
    assert found.reason == "Execution x has had the run since noon."


def test_one_that_the_gate_holds() -> None:
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
def test_one_that_failed_says_why(cause: str) -> None:
    found = row(ITEM, ended_badly("FAILED", Error="InputError", Cause=cause))
    assert found == Row(partition="DE", outcome="failed", kind="InputError", reason="demand: no files", execution=RUN)


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_one_that_was_stopped_or_took_too_long_has_its_status_for_a_kind(status: str) -> None:
    found = row(ITEM, ended_badly(status))
    assert found == Row(
        partition="DE", outcome="failed", kind=status, reason=f"its execution ended as {status}", execution=RUN
    )


def test_one_that_was_stopped_with_words_keeps_them() -> None:
    found = row(ITEM, ended_badly("ABORTED", Cause="the night shift", Error=None))
    assert (found.kind, found.reason) == ("ABORTED", "the night shift")


@pytest.mark.parametrize("cause", ["Rate exceeded (Service: Sfn, Status Code: 400)", "[]", "5", '"text"', ""])
def test_one_that_never_started(cause: str) -> None:
    answer = {**ITEM, "error": {"Error": "StepFunctions.ThrottlingException", "Cause": cause}}
    found = row(ITEM, answer)
    assert (found.outcome, found.kind, found.reason) == ("failed", "StepFunctions.ThrottlingException", cause)
    assert found.execution == "DE-0a1b2c3d"


def test_one_of_which_nothing_is_known() -> None:
    found = row(ITEM, None)
    assert (found.outcome, found.kind, found.reason) == ("failed", "Unknown", "its execution left no word")


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
def test_an_answer_that_is_not_as_it_should_be_is_a_failure(answer: Any) -> None:
    found = row(ITEM, answer)
    assert (found.partition, found.outcome, found.kind, found.execution) == ("DE", "failed", "Unknown", ITEM["name"])
    assert found.reason.startswith("what its execution left cannot be read: ")


def test_a_reason_is_one_line_that_fits() -> None:
    cause = json.dumps({"errorMessage": "a very\nlong story. " * 100})
    reason = row(ITEM, ended_badly("FAILED", Error="InputError", Cause=cause)).reason
    assert len(reason) == MAX_REASON
    assert "\n" not in reason
    assert reason.endswith("...")


def test_the_table_begins_with_what_needs_somebody() -> None:
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
    assert [each["partition"] for each in found] == ["d", "e", "b", "g", "f", "a", "c"]
    assert found[1]["reason"] == 'columns "a", "b"'
    assert (found[5]["series"], found[5]["wape"], found[5]["kind"], found[6]["wape"]) == ("1", "0.5", "", "")
    assert as_csv(reversed(rows)) == table
    assert describe_counts(rows) == ("1 published before, 1 published, 1 kept, 1 running elsewhere, 1 held, 2 failed")


def test_the_first_that_need_somebody_are_told_by_name() -> None:
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
    """What the execution leaves: its list, and an object for each partition of which there is word."""
    items = [
        {"partition": name, "name": f"{name}-0a1b2c3d", "outcome": f"{FOLDER}outcomes/{name}.json"} for name in answers
    ]
    put(s3, f"{FOLDER}items.json", items)
    for item, answer in zip(items, answers.values(), strict=True):
        if answer is not None:
            put(s3, item["outcome"], {**item, **answer})
    return {"execution": {"id": ARN, "name": "3f0c"}, "plan": {"items": f"{FOLDER}items.json", "unusable": None}}


def summed(s3: "S3Client", answers: dict[str, Any]) -> Any:
    return summarize_partitions(state(s3, answers), deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)


def table(s3: "S3Client") -> list[dict[str, str]]:
    body = s3.get_object(Bucket=FORECAST_BUCKET, Key=f"{FOLDER}outcomes.csv")["Body"].read().decode()
    return list(csv.DictReader(io.StringIO(body)))


def test_where_all_are_done_the_message_is_short(s3: "S3Client") -> None:
    outcome = summed(s3, {"DE": ended_well(**PUBLISHED), "FR": ended_well(**PUBLISHED)})
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["fine"]) == (True, 2, 2)
    assert outcome["subject"] == "onejob-dev: all partitions done"
    link = object_link(f"s3://{FORECAST_BUCKET}/{FOLDER}outcomes.csv", region="eu-central-1")
    assert outcome["message"] == (
        f"onejob-dev: of 2 partitions 2 published.\n\nTable: {link}\nExecution: {execution_link(ARN)}"
    )
    assert [each["partition"] for each in table(s3)] == ["DE", "FR"]


def test_where_not_all_are_done_the_execution_fails_with_the_counts(s3: "S3Client") -> None:
    failed = ended_badly("FAILED", Error="InputError", Cause="demand: no files")
    outcome = summed(s3, {"DE": ended_well(**PUBLISHED), "FR": failed, "IT": None})
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["fine"]) == (False, 3, 1)
    assert outcome["error"] == "PartitionsFailed"
    assert outcome["cause"].startswith(f"1 published, 2 failed; the table s3://{FORECAST_BUCKET}/{FOLDER}outcomes.csv")
    assert (
        "FR: failed (InputError): demand: no files\nIT: failed (Unknown): its execution left no word"
        in (outcome["message"])
    )


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe\xfd", json.dumps({**ITEM, "child": None}).encode()])
def test_one_word_that_cannot_be_read_hides_none_of_the_others(s3: "S3Client", body: bytes) -> None:
    given = state(s3, {"DE": ended_well(**PUBLISHED), "FR": {}})
    s3.put_object(Bucket=FORECAST_BUCKET, Key=f"{FOLDER}outcomes/FR.json", Body=body)
    outcome = summarize_partitions(given, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["all_succeeded"], outcome["counts"]) == (False, "1 published, 1 failed")
    first, second = table(s3)
    assert (first["partition"], first["outcome"], first["kind"]) == ("FR", "failed", "Unknown")
    assert (second["partition"], second["outcome"]) == ("DE", "published")


def test_where_the_map_broke_off_there_is_a_table_and_the_reason(s3: "S3Client") -> None:
    given = state(s3, {"DE": ended_well(**PUBLISHED), "FR": None})
    given["error"] = {"Error": "States.ItemReaderFailed", "Cause": "no\nlist " * 200}
    outcome = summarize_partitions(given, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["fine"]) == (False, 2, 1)
    told = "The Map over the partitions broke off before its end: States.ItemReaderFailed: no list no list"
    first, second, third, *_ = outcome["message"].split("\n\n")
    assert first == "onejob-dev: of 2 partitions 1 published, 1 failed."
    assert second.startswith(told)
    assert len(second) < MAX_REASON + 100
    assert third == "FR: failed (Unknown): its execution left no word"
    assert outcome["error"] == "PartitionsFailed"
    assert outcome["cause"].startswith("1 published, 1 failed; the table s3://")
    assert told in outcome["cause"]
    assert [each["reason"] for each in table(s3)] == ["its execution left no word", ""]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ({"Error": "States.Timeout"}, "States.Timeout"),
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout"),
        ({"Cause": "x"}, "x"),
        ({}, "nobody knows why"),
    ],
)
def test_a_map_that_broke_off_is_not_all_fine_though_all_had_ended(
    s3: "S3Client", error: dict[str, str], why: str
) -> None:
    given = {**state(s3, {"DE": ended_well(**PUBLISHED)}), "error": error}
    outcome = summarize_partitions(given, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["all_succeeded"], outcome["partitions"], outcome["fine"]) == (False, 1, 1)
    assert outcome["subject"] == "onejob-dev: partitions not all done"
    lines = outcome["message"].split("\n\n")
    assert lines[1] == f"The Map over the partitions broke off before its end: {why}"
    assert lines[2].startswith("Mend what is told")
    assert outcome["cause"].endswith(lines[1])


def test_a_word_of_an_earlier_execution_is_not_taken_for_one_of_this(s3: "S3Client") -> None:
    put(s3, "partitions/execution=before/outcomes/IT.json", ended_well(**PUBLISHED))
    assert summed(s3, {"IT": None})["all_succeeded"] is False


class Objects:
    """As much of an S3 client as it takes, as moto is slow with thousands; a page holds what a page of S3 does."""

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


def test_a_partition_whose_name_cannot_be_used_is_in_the_table(s3: "S3Client") -> None:
    given = state(s3, {"DE": ended_well(**PUBLISHED)})
    put(s3, f"{FOLDER}invalid_names.json", ["UK & IE"])
    given["plan"]["unusable"] = f"{FOLDER}invalid_names.json"
    outcome = summarize_partitions(given, deployment="onejob-dev", bucket=FORECAST_BUCKET, s3=s3)
    assert (outcome["partitions"], outcome["fine"], outcome["all_succeeded"]) == (2, 1, False)
    first, *_ = table(s3)
    assert (first["partition"], first["outcome"], first["kind"]) == ("UK & IE", "failed", "InputError")
    assert "UK & IE: failed (InputError): its folder's name cannot be used" in outcome["message"]


def test_of_thousands_the_message_and_the_states_data_stay_short() -> None:
    """And every one of them is in the table, whichever page of the listing it was on."""
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


def test_the_handler_tells_how_many_are_unfinished(
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
