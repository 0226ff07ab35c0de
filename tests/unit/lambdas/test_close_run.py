"""The registry's record of executions that did not publish or did not report it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import lambdas.close_run.handler as module
from lambdas.close_run.handler import Sources
from lambdas.close_run.handler import close as typed_close
from lambdas.close_run.handler import close_unreported as typed_close_lost
from lambdas.fail_execution.handler import resume as typed_resume
from lambdas.shared.clients import Clients
from lambdas.shared.job_facts import job_facts
from lambdas.shared.registry_claim import claim
from lambdas.shared.registry_record import Attempt, Run, add_details, begin_publishing
from lambdas.shared.registry_table import RunTable
from tests.leases import lease_request
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, FORECAST_BUCKET, TABLE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
close: Any = typed_close
close_unreported: Any = typed_close_lost
resume: Any = typed_resume
handle: Any = module.handler

NOW = datetime(2026, 11, 18, 9, 45, tzinfo=UTC)
CUTOFF, EXECUTION = "2026-11-16", "arn:aws:states:us-east-1:123456789012:execution:onejob-dev-forecast:one"
FAILURE = {"error": "JobError", "cause": "it broke. A rerun does not help.", "summary": "it broke"}
STATE: dict[str, Any] = {
    "execution": {"id": EXECUTION},
    "plan": {"partition": "all"},
    "claim": {"claimed": True, "cutoff": CUTOFF},
    "failure": FAILURE,
}


@pytest.fixture
def sources(s3: "S3Client", table: RunTable, clients: Clients) -> Sources:
    return Sources(table, s3, FORECAST_BUCKET, clients("stepfunctions"))


@pytest.fixture
def claimed(sources: Sources) -> Sources:
    at = NOW.isoformat()
    sources.table.change(
        "all",
        CUTOFF,
        lambda run: claim(
            run,
            lease_request(EXECUTION, at=at),
        ),
    )
    return sources


def attempt(sources: Sources) -> Attempt:
    (found,) = sources.table.get("all", CUTOFF).attempts
    return found


@pytest.mark.parametrize(("error", "status"), [("JobError", "failed"), ("QualityGateFailed", "pending_approval")])
def test_a_failure_is_recorded_with_reason_and_job(claimed: Sources, error: str, status: str) -> None:
    state = {**STATE, "failure": {**FAILURE, "error": error}, "job": {"name": "job-1"}}
    assert close(state, sources=claimed, now=NOW) == {"status": status}
    assert attempt(claimed).details == {"kind": error, "summary": "it broke", "run_id": "job-1"}
    assert close(state, sources=claimed, now=NOW) == {"status": status}


def test_an_execution_without_a_run_records_nothing(claimed: Sources) -> None:
    for claim_of in ({}, {"claim": {"claimed": False, "cutoff": CUTOFF}}):
        state = {name: value for name, value in STATE.items() if name != "claim"} | claim_of
        assert close(state, sources=claimed, now=NOW) == {"status": None}
    assert attempt(claimed).status == "running"


@pytest.mark.parametrize(("ended", "status"), [("ABORTED", "aborted"), ("TIMED_OUT", "failed"), ("FAILED", "failed")])
def test_an_unreported_end_is_recorded(claimed: Sources, ended: str, status: str) -> None:
    detail = {"executionArn": EXECUTION, "status": ended, "error": None, "cause": None}
    assert close_unreported(detail, sources=claimed, now=NOW) == {"status": status}
    assert attempt(claimed).details == {"kind": ended, "summary": "no error was reported"}
    assert close_unreported(
        {**detail, "executionArn": "arn:aws:states:us-east-1:123456789012:execution:onejob-dev-forecast:two"},
        sources=claimed,
        now=NOW,
    ) == {"status": None}


@pytest.mark.parametrize(("seen", "status"), [("run-1", "published"), ("run-0", "failed"), (None, "failed")])
def test_the_pointer_decides_if_publishing_broke(claimed: Sources, seen: str | None, status: str) -> None:
    claimed.table.change("all", CUTOFF, lambda run: begin_publishing(run, EXECUTION, {"run_id": "run-1"}))
    if seen:
        body = json.dumps({"run_id": seen}).encode()
        claimed.s3.put_object(Bucket=FORECAST_BUCKET, Key="forecasts/partition=all/_published.json", Body=body)
    assert close(STATE, sources=claimed, now=NOW) == {"status": status}
    assert claimed.table.get("all", CUTOFF).published == (1 if status == "published" else None)


def test_a_failed_execution_fails_with_its_cause_until_redriven() -> None:
    state = {"failure": FAILURE, "redrives": 0, "redrives_before": 0}
    with pytest.raises(Exception, match="it broke") as raised:
        resume({**state, "data": {}})
    assert type(raised.value).__name__ == "JobError"
    assert resume({**state, "data": {}, "redrives": 1}) == "start"


DONE, STOPPED = {"status": "Completed"}, {"status": "Stopped"}


@pytest.mark.parametrize(
    ("state", "error", "where"),
    [
        ({"job": STOPPED}, "Stopped", "start"),
        ({"job": DONE}, "QuotaExceeded", "fleet"),  # PlanFleet or its first job failed
        ({"job": DONE, "fleet": {}}, "JobError", "fleet"),
        ({"job": DONE, "fleet": {}, "fleet_job": STOPPED}, "Stopped", "fleet"),
        ({"job": DONE, "fleet": {}, "fleet_job": DONE}, "PublishFailed", "check"),
        ({"job": DONE, "fleet": {}, "fleet_job": DONE}, "QualityGateFailed", "check"),
        ({"job": DONE, "fleet": {}, "fleet_job": DONE}, "IncompleteRun", "start"),
        ({"job": DONE}, "IncompleteRun", "start"),  # the handover has expired
    ],
)
def test_a_redrive_resumes_the_fleets_handover(state: dict[str, Any], error: str, where: str) -> None:
    failure = {**FAILURE, "error": error}
    state = {"failure": failure, "redrives": 1, "redrives_before": 0, "data": {"plan": {"fleet": True}, **state}}
    assert resume(state) == where


def test_a_run_published_by_hand_has_no_fleet() -> None:
    plan = {"partition": "all", "publish": "run-1", "fleet": False}
    failure = {**FAILURE, "error": "PublishFailed"}
    state = {"failure": failure, "redrives": 1, "redrives_before": 0, "data": {"plan": plan, "job": DONE}}
    assert resume(state) == "check"


@pytest.mark.parametrize(
    ("error", "offered"), [("JobError", "job-1"), ("QualityGateFailed", "job-1"), ("IncompleteRun", None)]
)
def test_an_unusable_handover_is_not_offered_again(claimed: Sources, error: str, offered: str | None) -> None:
    claimed.table.change("all", CUTOFF, lambda run: add_details(run, EXECUTION, {"handover_job": "job-1"}))
    close({**STATE, "failure": {**FAILURE, "error": error}}, sources=claimed, now=NOW)
    request = lease_request("two", at=NOW.isoformat(), now_epoch=1)
    again = claimed.table.change("all", CUTOFF, lambda run: claim(run, request))
    assert isinstance(again, Run)
    assert again.reusable_handover("f") == offered


def test_a_rejected_run_of_a_resumed_handover_has_its_job_name(claimed: Sources) -> None:
    """Only the name is known, because an earlier execution has the job's description."""
    facts = job_facts({}, hourly_prices={}, demand_bytes=5)
    run = {"report": "reports/r", "metrics": {}, "job": facts}
    state = {**STATE, "failure": {**FAILURE, "error": "QualityGateFailed"}, "job": {"name": "job-1"}, "run": run}
    close(state, job=facts, sources=claimed, now=NOW)
    assert attempt(claimed).details["run_id"] == "job-1"


@pytest.mark.parametrize(
    ("job", "error", "where"),
    [
        (None, "Throttled", "start"),
        ({"status": "Stopped"}, "Stopped", "start"),
        ({"status": "Completed"}, "PublishFailed", "check"),
        ({"status": "Completed"}, "QualityGateFailed", "check"),
        ({"status": "Completed"}, "IncompleteRun", "start"),
    ],
)
def test_a_completed_job_does_not_run_again(job: Any, error: str, where: str) -> None:
    failure = {**FAILURE, "error": error}
    data = {"plan": {"fleet": False}} | ({} if job is None else {"job": job})
    assert resume({"failure": failure, "redrives": 2, "redrives_before": 1, "data": data}) == where


def test_a_redriven_execution_keeps_its_run(claimed: Sources) -> None:
    running = SimpleNamespace(describe_execution=lambda **_asked: {"status": "RUNNING"})
    sources = replace(claimed, workflows=as_client(running))
    assert close_unreported({"executionArn": EXECUTION, "status": "ABORTED"}, sources=sources, now=NOW) == {
        "status": None
    }
    assert attempt(sources).is_open


def test_a_rejected_run_has_report_and_metrics(claimed: Sources) -> None:
    run = {"report": "reports/partition=all/run_id=r/report.html", "metrics": {"forecast": {"wape": 0.3}}}
    close({**STATE, "failure": {**FAILURE, "error": "QualityGateFailed"}, "run": run}, sources=claimed, now=NOW)
    held = attempt(claimed)
    assert held.status == "pending_approval"
    assert held.details["report"] == f"s3://{FORECAST_BUCKET}/reports/partition=all/run_id=r/report.html"
    assert held.details["metrics"]["forecast"]["wape"] == 0.3


TRAINED = {"TrainingJobName": "job-1", "ResourceConfig": {"InstanceType": "m"}, "BillableTimeInSeconds": 3600}


def fleet_of(name: str) -> dict[str, Any]:
    cluster = {"InstanceType": "f", "InstanceCount": 4}
    times = {"CreationTime": 0, "ProcessingStartTime": 60_000, "ProcessingEndTime": 1_860_000}
    return {"ProcessingJobName": name, "ProcessingResources": {"ClusterConfig": cluster}, **times}


@pytest.fixture
def deployed(claimed: Sources, monkeypatch: pytest.MonkeyPatch) -> Sources:
    """The registry with a claimed run, as the handler's own."""
    for name, value in {"TABLE": TABLE, "FORECAST_BUCKET": FORECAST_BUCKET, "DEPLOYMENT": "onejob-dev"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOURLY_PRICES", json.dumps({"m": 1.0, "f": 2.0}))
    clients = {"dynamodb": claimed.table._client, "s3": claimed.s3, "stepfunctions": claimed.workflows}
    monkeypatch.setattr(module, "_client", clients.__getitem__)
    return claimed


@pytest.mark.parametrize(
    ("status", "error", "metric", "closed"),
    [
        ("FAILED", "QualityGateFailed", "RunsPendingApproval", "pending_approval"),
        ("FAILED", "InputError", "RunsFailed", "failed"),
        ("TIMED_OUT", None, "RunsFailed", "failed"),
        ("ABORTED", None, "RunsFailed", "aborted"),
    ],
)
@pytest.mark.usefixtures("deployed")
def test_every_end_counts_once_and_a_rejected_run_not_as_failed(
    capsys: pytest.CaptureFixture[str],
    status: str,
    error: str | None,
    metric: str,
    closed: str,
) -> None:
    if error is not None:  # the state CloseRun comes before the end of the execution
        handle({**STATE, "failure": {**FAILURE, "error": error}, "run": {"report": "r", "metrics": {}}}, CONTEXT)
    detail = {"executionArn": EXECUTION, "status": status, "error": error, "cause": None}
    assert handle({"source": "aws.states", "detail": detail}, CONTEXT) == {"status": closed}
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    counted = [name for line in lines for name in ("RunsFailed", "RunsPendingApproval") if name in line]
    assert counted == [metric]


def test_a_rejected_run_stays_pending_if_its_execution_could_not_close_it(deployed: Sources) -> None:
    detail = {"executionArn": EXECUTION, "status": "FAILED", "error": "QualityGateFailed", "cause": "bias"}
    assert handle({"source": "aws.states", "detail": detail}, CONTEXT) == {"status": "pending_approval"}
    assert attempt(deployed).details["summary"] == "bias"


def test_failed_fleets_are_counted_and_the_job_once(deployed: Sources, capsys: pytest.CaptureFixture[str]) -> None:
    def closed(**state: Any) -> tuple[dict[str, Any], dict[str, float]]:
        job = {"name": "job-1", "status": "Completed", "description": TRAINED}
        answer = handle({**STATE, "job": job, "fleet": {"words": "four", "notes": []}, **state}, CONTEXT)
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return answer, {name: line[name] for line in lines for name in ("Cost", "FleetCost") if name in line}

    answer, paid = closed(error={"Error": "States.TaskFailed", "Cause": json.dumps(fleet_of("fleet-1"))})
    assert (answer, paid) == ({"status": "failed", "counted": ["fleet-1", "job-1"]}, {"Cost": 1.0, "FleetCost": 4.0})
    noted = attempt(deployed).details
    assert (noted["fleet"]["name"], noted["fleet"]["cost"], noted["job"]["cost"]) == ("fleet-1", 4.0, 1.0)
    # After a redrive, the next fleet was stopped.
    stopped = {"name": "fleet-2", "status": "Stopped", "description": fleet_of("fleet-2")}
    error = {"Error": "JobNotCompleted", "Cause": json.dumps(stopped)}
    answer, paid = closed(error=error, fleet_job=stopped, closed=answer)
    assert (answer["counted"], paid) == (["fleet-1", "fleet-2", "job-1"], {"FleetCost": 4.0})
    # After another redrive, PlanFleet failed. The stopped fleet is still in the data.
    denied = {"Error": "ClientError", "Cause": json.dumps({"errorMessage": "AccessDenied"})}
    answer, paid = closed(error=denied, fleet_job=stopped, closed=answer)
    assert paid == {}
