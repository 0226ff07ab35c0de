"""The registry gives a run to one execution at a time, and records its end."""

import threading
from dataclasses import replace

import pytest

from contract.function_errors import RegistryBusy
from lambdas.shared.registry_claim import LeaseRequest, claim
from lambdas.shared.registry_record import (
    UNRESOLVED_CUTOFF,
    LeaseDenied,
    Run,
    add_details,
    begin_publishing,
    close_attempt,
    move_attempt,
)
from lambdas.shared.registry_table import TRIES, RunTable
from tests.leases import lease_request

NOTHING = Run(partition="all", cutoff="2026-11-16")
SIX, SEVEN = "2026-11-18T06:00:00+00:00", "2026-11-18T07:00:00+00:00"
ONE = lease_request("one", at=SIX, fingerprint="demand-1", now_epoch=1000)
TWO = replace(ONE, execution="two", execution_started_at=SEVEN, now=SEVEN, now_epoch=1060)


def granted(outcome: Run | LeaseDenied) -> Run:
    assert isinstance(outcome, Run), outcome
    return outcome


def denied(outcome: Run | LeaseDenied) -> LeaseDenied:
    assert isinstance(outcome, LeaseDenied), outcome
    return outcome


def published(run: Run, execution: str) -> Run:
    began = granted(begin_publishing(run, execution, {"run_id": f"run-of-{execution}"}))
    return close_attempt(began, execution, "published", now="2026-11-18T06:30:00+00:00", details={})


def statuses(run: Run) -> list[str]:
    return [attempt.status for attempt in run.attempts]


def test_the_first_execution_gets_the_run_and_the_second_is_denied() -> None:
    run = granted(claim(NOTHING, ONE))
    assert (run.last and run.last.execution, run.lease_until) == ("one", 4600)
    refusal = denied(claim(run, TWO))
    assert (refusal.reason, refusal.attempt.execution) == ("running", "one")


def test_a_repeated_claim_renews_the_lease() -> None:
    run = granted(claim(NOTHING, ONE))
    again = granted(claim(run, replace(ONE, now_epoch=2000)))
    assert (again.attempts, again.lease_until) == (run.attempts, 5600)


@pytest.mark.parametrize("second", [replace(TWO, now_epoch=4600), replace(TWO, ended_execution="one")])
def test_an_expired_or_ended_run_is_taken_over(second: LeaseRequest) -> None:
    run = granted(claim(granted(claim(NOTHING, ONE)), second))
    assert statuses(run) == ["expired", "running"]
    assert [attempt.number for attempt in run.attempts] == [1, 2]
    assert denied(begin_publishing(run, "one", {})).attempt.execution == "two"
    assert close_attempt(run, "one", "failed", now="", details={}) == run


def test_force_does_not_take_an_open_run() -> None:
    assert denied(claim(granted(claim(NOTHING, ONE)), replace(TWO, force=True))).reason == "running"


def test_a_published_run_is_repeated_only_by_force_or_by_hand_with_other_input() -> None:
    run = published(granted(claim(NOTHING, ONE)), "one")
    assert run.published == 1
    assert denied(claim(run, TWO)).attempt.details["run_id"] == "run-of-one"
    assert denied(claim(run, replace(TWO, started_by="schedule", fingerprint="demand-2"))).reason == "published"
    # It was running when the other one published.
    assert denied(claim(run, replace(TWO, execution_started_at=SIX, fingerprint="demand-2"))).reason == "published"
    for request in (replace(TWO, force=True), replace(TWO, fingerprint="demand-2")):
        again = granted(claim(run, request))
        # Readers keep the published attempt until the new one is published.
        assert (again.published, statuses(again)) == (1, ["published", "running"])
        assert published(again, "two").published == 2


def test_a_failed_run_can_be_repeated_and_the_published_attempt_stays() -> None:
    run = published(granted(claim(NOTHING, ONE)), "one")
    failed = close_attempt(
        granted(claim(run, replace(TWO, force=True))), "two", "failed", now="t", details={"kind": "JobError"}
    )
    assert failed.published_attempt is not None
    assert (failed.published_attempt.execution, statuses(failed)) == ("one", ["published", "failed"])
    assert (
        close_attempt(failed, "two", "published", now="later", details={}) == failed
    )  # a closed attempt does not change
    unpublished = close_attempt(granted(claim(NOTHING, ONE)), "one", "pending_approval", now="t", details={})
    assert statuses(granted(claim(unpublished, TWO))) == ["pending_approval", "running"]


def test_a_redriven_execution_claims_its_run_again() -> None:
    run = close_attempt(granted(claim(NOTHING, ONE)), "one", "failed", now="t", details={})
    again = granted(claim(run, ONE))
    assert [(attempt.execution, attempt.status) for attempt in again.attempts] == [
        ("one", "failed"),
        ("one", "running"),
    ]
    # Or it resumes in the middle, without a claim.
    assert statuses(published(run, "one")) == ["published"]


LATER = replace(TWO, started_by="schedule")
TRAINED = published(granted(claim(NOTHING, ONE)), "one")
INFERRED = published(granted(claim(NOTHING, replace(ONE, mode="infer"))), "one")


def test_an_inferred_run_can_always_be_trained() -> None:
    for request in (TWO, LATER, replace(LATER, fingerprint="demand-2")):
        assert statuses(granted(claim(INFERRED, request))) == ["published", "running"]


def test_a_run_that_was_trained_and_then_inferred_counts_as_trained() -> None:
    both = published(granted(claim(TRAINED, replace(LATER, mode="infer", fingerprint="demand-2"))), "two")
    assert both.published == 2
    third = replace(LATER, execution="three", execution_started_at="2026-11-18T08:00:00+00:00")
    assert denied(claim(both, third)).attempt.execution == "one"
    assert denied(claim(both, replace(third, fingerprint="demand-2"))).reason == "published"


@pytest.mark.parametrize("run", [TRAINED, INFERRED])
def test_a_scheduled_inference_follows_changed_demand(run: Run) -> None:
    request = replace(LATER, mode="infer")
    assert denied(claim(run, request)).reason == "published"
    assert statuses(granted(claim(run, replace(request, fingerprint="demand-2")))) == ["published", "running"]
    # It was running when the other one published.
    assert denied(claim(run, replace(request, execution_started_at=SIX, fingerprint="demand-2"))).reason == "published"
    assert granted(claim(run, replace(request, force=True))).last is not None


def test_an_open_run_of_the_same_mode_is_denied() -> None:
    for mine, others in (("train", "infer"), ("train", "train"), ("infer", "infer")):
        run = granted(claim(NOTHING, replace(ONE, mode=mine)))
        assert denied(claim(run, replace(TWO, mode=others))).reason == "running"


def test_an_open_inference_gives_way_to_a_training() -> None:
    run = granted(claim(NOTHING, replace(ONE, mode="infer")))
    taken = granted(claim(run, TWO))
    assert [(attempt.execution, attempt.status) for attempt in taken.attempts] == [
        ("one", "expired"),
        ("two", "running"),
    ]
    assert isinstance(begin_publishing(taken, "one", {}), LeaseDenied)


def test_only_an_open_attempt_gets_details() -> None:
    run = granted(claim(NOTHING, ONE))
    noted = add_details(run, "one", {"handover_job": "job-1"})
    assert noted.last is not None
    assert noted.last.details == {"handover_job": "job-1"}
    assert add_details(run, "two", {"handover_job": "job-2"}) == run
    ended = close_attempt(noted, "one", "failed", now="t", details={"kind": "JobError"})
    assert add_details(ended, "one", {"handover_job": "job-3"}) == ended
    assert ended.last is not None
    assert ended.last.details == {"handover_job": "job-1", "kind": "JobError"}


def test_an_attempt_reuses_the_previous_handover() -> None:
    run = add_details(granted(claim(NOTHING, ONE)), "one", {"handover_job": "job-1"})
    assert run.reusable_handover("demand-1") is None  # its own
    again = granted(claim(close_attempt(run, "one", "failed", now="t", details={}), TWO))
    assert (again.reusable_handover("demand-1"), again.reusable_handover("demand-2")) == ("job-1", None)
    cleared = close_attempt(run, "one", "failed", now="t", details={"handover_job": None})
    assert granted(claim(cleared, TWO)).reusable_handover("demand-1") is None


def test_an_attempt_moves_when_its_cutoff_is_known() -> None:
    run = granted(claim(Run(partition="all", cutoff=UNRESOLVED_CUTOFF), ONE))
    assert move_attempt(run, "two") == run
    assert move_attempt(run, "one").attempts == ()


def test_a_run_is_read_as_it_was_written(table: RunTable) -> None:
    table.change("all", "2026-11-16", lambda run: claim(run, ONE))
    details = {"metrics": {"wape": 0.25, "none": None}, "series": 12, "list": [1.5, "a"]}
    table.change(
        "all", "2026-11-16", lambda run: close_attempt(run, "one", "pending_approval", now="t", details=details)
    )
    run = table.get("all", "2026-11-16")
    assert run.last is not None
    assert (run.version, run.last.status, run.last.details) == (2, "pending_approval", details)
    assert table.of_execution("one") == [("all", "2026-11-16")]
    assert table.of_execution("two") == []


def test_recent_runs_are_one_query(table: RunTable) -> None:
    for cutoff in ("2026-11-02", "2026-11-16", UNRESOLVED_CUTOFF, "2026-11-09"):
        table.change("all", cutoff, lambda run: claim(run, ONE))
    table.change("other", "2026-11-16", lambda run: claim(run, ONE))
    assert [run.cutoff for run in table.recent("all", 2)] == ["2026-11-16", "2026-11-09"]
    assert len(table.recent("all", 10)) == 3


def test_one_of_many_concurrent_claims_gets_the_run(table: RunTable) -> None:
    outcomes: list[Run | LeaseDenied] = []
    begin = threading.Barrier(8)

    def race(number: int) -> None:
        begin.wait()
        request = replace(ONE, execution=f"execution-{number}")
        outcomes.append(table.change("all", "2026-11-16", lambda run: claim(run, request)))

    racers = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    winners = [outcome for outcome in outcomes if isinstance(outcome, Run)]
    losers = {outcome.attempt.execution for outcome in outcomes if isinstance(outcome, LeaseDenied)}
    assert len(winners) == 1
    assert winners[0].last is not None
    assert losers == {winners[0].last.execution}


def test_a_write_fails_after_too_many_concurrent_writes(table: RunTable) -> None:
    calls = 0

    def step(run: Run) -> Run:
        nonlocal calls
        calls += 1
        if calls % 2:  # each odd call is the slow writer's; another execution writes first
            table.change("all", "2026-11-16", step)
        return replace(run, lease_until=run.lease_until + 1)

    with pytest.raises(RegistryBusy, match=f"other executions changed .* {TRIES} times"):
        table.change("all", "2026-11-16", step)


def test_the_item_keeps_its_latest_attempts(table: RunTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdas.shared.registry_table.MAX_ATTEMPTS", 4)
    for number in range(7):
        request = replace(ONE, execution=f"execution-{number}")
        table.change("all", "2026-11-16", lambda run, request=request: claim(run, request))  # type: ignore[misc]
        last = request.execution
        table.change(
            "all",
            "2026-11-16",
            lambda run, last=last: close_attempt(run, last, "failed", now="t", details={}),  # type: ignore[misc]
        )
    run = table.get("all", "2026-11-16")
    assert len(run.attempts) == 4
    assert run.last is not None
    assert run.last.number == 7
