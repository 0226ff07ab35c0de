"""The registry gives a run to one execution at a time, and tells what became of it."""

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

NOTHING = Run(partition="all", cutoff="2026-11-16")
SIX, SEVEN = "2026-11-18T06:00:00+00:00", "2026-11-18T07:00:00+00:00"
ONE = LeaseRequest(
    execution="one",
    started_by="manual",
    fingerprint="demand-1",
    execution_started_at=SIX,
    now=SIX,
    now_epoch=1000,
    lease_seconds=3600,
)
TWO = replace(ONE, execution="two", execution_started_at=SEVEN, now=SEVEN, now_epoch=1060)


def given(outcome: Run | LeaseDenied) -> Run:
    assert isinstance(outcome, Run), outcome
    return outcome


def refused(outcome: Run | LeaseDenied) -> LeaseDenied:
    assert isinstance(outcome, LeaseDenied), outcome
    return outcome


def published(run: Run, execution: str) -> Run:
    began = given(begin_publishing(run, execution, {"run_id": f"run-of-{execution}"}))
    return close_attempt(began, execution, "published", now="2026-11-18T06:30:00+00:00", details={})


def statuses(run: Run) -> list[str]:
    return [attempt.status for attempt in run.attempts]


def test_a_run_is_given_to_the_first_and_refused_to_the_second() -> None:
    run = given(claim(NOTHING, ONE))
    assert (run.last and run.last.execution, run.lease_until) == ("one", 4600)
    refusal = refused(claim(run, TWO))
    assert (refusal.reason, refusal.attempt.execution) == ("running", "one")


def test_claiming_again_renews_the_lease_and_is_no_new_attempt() -> None:
    run = given(claim(NOTHING, ONE))
    again = given(claim(run, replace(ONE, now_epoch=2000)))
    assert (again.attempts, again.lease_until) == (run.attempts, 5600)


@pytest.mark.parametrize("request", [replace(TWO, now_epoch=4600), replace(TWO, ended_execution="one")])
def test_a_run_whose_lease_has_run_out_or_whose_execution_has_ended_is_taken_over(request: LeaseRequest) -> None:
    run = given(claim(given(claim(NOTHING, ONE)), request))
    assert statuses(run) == ["expired", "running"]
    assert [attempt.number for attempt in run.attempts] == [1, 2]
    assert refused(begin_publishing(run, "one", {})).attempt.execution == "two"
    assert close_attempt(run, "one", "failed", now="", details={}) == run


def test_not_even_force_takes_a_run_from_an_execution_at_work() -> None:
    assert refused(claim(given(claim(NOTHING, ONE)), replace(TWO, force=True))).reason == "running"


def test_a_published_run_is_made_anew_by_force_or_by_hand_of_other_input_only() -> None:
    run = published(given(claim(NOTHING, ONE)), "one")
    assert run.published == 1
    assert refused(claim(run, TWO)).attempt.details["run_id"] == "run-of-one"
    assert refused(claim(run, replace(TWO, started_by="schedule", fingerprint="demand-2"))).reason == "published"
    # It was at work when the other one published.
    assert refused(claim(run, replace(TWO, execution_started_at=SIX, fingerprint="demand-2"))).reason == "published"
    for request in (replace(TWO, force=True), replace(TWO, fingerprint="demand-2")):
        again = given(claim(run, request))
        # Readers keep what they have until the new attempt is published.
        assert (again.published, statuses(again)) == (1, ["published", "running"])
        assert published(again, "two").published == 2


def test_what_failed_may_be_tried_again_and_the_published_attempt_stays() -> None:
    run = published(given(claim(NOTHING, ONE)), "one")
    failed = close_attempt(
        given(claim(run, replace(TWO, force=True))), "two", "failed", now="t", details={"kind": "JobError"}
    )
    assert failed.published_attempt is not None
    assert (failed.published_attempt.execution, statuses(failed)) == ("one", ["published", "failed"])
    assert (
        close_attempt(failed, "two", "published", now="later", details={}) == failed
    )  # what has ended stays as it ended
    unpublished = close_attempt(given(claim(NOTHING, ONE)), "one", "pending_approval", now="t", details={})
    assert statuses(given(claim(unpublished, TWO))) == ["pending_approval", "running"]


def test_a_redriven_execution_takes_its_run_up_again() -> None:
    run = close_attempt(given(claim(NOTHING, ONE)), "one", "failed", now="t", details={})
    again = given(claim(run, ONE))
    assert [(attempt.execution, attempt.status) for attempt in again.attempts] == [
        ("one", "failed"),
        ("one", "running"),
    ]
    # Or it goes on in the middle, without a claim.
    assert statuses(published(run, "one")) == ["published"]


LATER = replace(TWO, started_by="schedule")
TRAINED = published(given(claim(NOTHING, ONE)), "one")
INFERRED = published(given(claim(NOTHING, replace(ONE, mode="infer"))), "one")


def test_what_was_only_inferred_is_trained_whoever_wants_it() -> None:
    for request in (TWO, LATER, replace(LATER, fingerprint="demand-2")):
        assert statuses(given(claim(INFERRED, request))) == ["published", "running"]


def test_what_was_trained_and_then_inferred_has_been_trained() -> None:
    both = published(given(claim(TRAINED, replace(LATER, mode="infer", fingerprint="demand-2"))), "two")
    assert both.published == 2
    third = replace(LATER, execution="three", execution_started_at="2026-11-18T08:00:00+00:00")
    assert refused(claim(both, third)).attempt.execution == "one"
    assert refused(claim(both, replace(third, fingerprint="demand-2"))).reason == "published"


@pytest.mark.parametrize("run", [TRAINED, INFERRED])
def test_an_inference_follows_the_demand_even_by_schedule(run: Run) -> None:
    request = replace(LATER, mode="infer")
    assert refused(claim(run, request)).reason == "published"
    assert statuses(given(claim(run, replace(request, fingerprint="demand-2")))) == ["published", "running"]
    # It was at work when the other one published.
    assert refused(claim(run, replace(request, execution_started_at=SIX, fingerprint="demand-2"))).reason == "published"
    assert given(claim(run, replace(request, force=True))).last is not None


def test_a_run_at_work_is_left_alone() -> None:
    for mine, others in (("train", "infer"), ("train", "train"), ("infer", "infer")):
        run = given(claim(NOTHING, replace(ONE, mode=mine)))
        assert refused(claim(run, replace(TWO, mode=others))).reason == "running"


def test_an_inference_at_work_gives_way_to_a_training() -> None:
    run = given(claim(NOTHING, replace(ONE, mode="infer")))
    taken = given(claim(run, TWO))
    assert [(attempt.execution, attempt.status) for attempt in taken.attempts] == [
        ("one", "expired"),
        ("two", "running"),
    ]
    assert isinstance(begin_publishing(taken, "one", {}), LeaseDenied)


def test_only_who_is_at_work_notes_something() -> None:
    run = given(claim(NOTHING, ONE))
    noted = add_details(run, "one", {"handover_job": "job-1"})
    assert noted.last is not None
    assert noted.last.details == {"handover_job": "job-1"}
    assert add_details(run, "two", {"handover_job": "job-2"}) == run
    ended = close_attempt(noted, "one", "failed", now="t", details={"kind": "JobError"})
    assert add_details(ended, "one", {"handover_job": "job-3"}) == ended
    assert ended.last is not None
    assert ended.last.details == {"handover_job": "job-1", "kind": "JobError"}


def test_an_attempt_goes_on_with_what_the_one_before_handed_over() -> None:
    run = add_details(given(claim(NOTHING, ONE)), "one", {"handover_job": "job-1"})
    assert run.reusable_handover("demand-1") is None  # its own
    again = given(claim(close_attempt(run, "one", "failed", now="t", details={}), TWO))
    assert (again.reusable_handover("demand-1"), again.reusable_handover("demand-2")) == ("job-1", None)
    cleared = close_attempt(run, "one", "failed", now="t", details={"handover_job": None})
    assert given(claim(cleared, TWO)).reusable_handover("demand-1") is None


def test_an_attempt_whose_cutoff_has_become_known_is_released() -> None:
    run = given(claim(Run(partition="all", cutoff=UNRESOLVED_CUTOFF), ONE))
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


def test_what_happened_in_the_last_weeks_is_one_query(table: RunTable) -> None:
    for cutoff in ("2026-11-02", "2026-11-16", UNRESOLVED_CUTOFF, "2026-11-09"):
        table.change("all", cutoff, lambda run: claim(run, ONE))
    table.change("other", "2026-11-16", lambda run: claim(run, ONE))
    assert [run.cutoff for run in table.recent("all", 2)] == ["2026-11-16", "2026-11-09"]
    assert len(table.recent("all", 10)) == 3


def test_of_many_that_claim_at_once_one_is_given_the_run(table: RunTable) -> None:
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


def test_a_write_that_others_keep_overtaking_is_given_up(table: RunTable) -> None:
    calls = 0

    def step(run: Run) -> Run:
        nonlocal calls
        calls += 1
        if calls % 2:  # each odd call is the slow writer's; another writes before it does
            table.change("all", "2026-11-16", step)
        return replace(run, lease_until=run.lease_until + 1)

    with pytest.raises(RegistryBusy, match=f"changed by others {TRIES} times"):
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
