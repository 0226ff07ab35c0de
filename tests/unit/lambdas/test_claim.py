"""One execution gets a run, under the known cutoff or later under its true cutoff."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.claim.handler import Registry
from lambdas.claim.handler import claim_cutoff as typed_claim_cutoff
from lambdas.claim.handler import claim_run as typed_claim_run
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, add_details, begin_publishing, close_attempt, move_attempt
from lambdas.shared.registry_table import RunTable
from tests.stand_ins import as_client

# The tests' states have only the keys that a function reads.
claim_run: Any = typed_claim_run
claim_cutoff: Any = typed_claim_cutoff

NOW = datetime(2026, 11, 18, 9, 45, tzinfo=UTC)
CUTOFF = "2026-11-16"


class Workflows:
    """Step Functions with ended and deleted executions."""

    def __init__(self) -> None:
        self.ended: set[str] = set()
        self.gone: set[str] = set()

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803 (the API's name)
        if executionArn in self.gone:
            raise ClientError({"Error": {"Code": "ExecutionDoesNotExist"}}, "DescribeExecution")
        return {"status": "ABORTED" if executionArn in self.ended else "RUNNING"}


@pytest.fixture
def registry(table: RunTable) -> Registry:
    return Registry(table, as_client(Workflows()), 3600)


def state(name: str, cutoff: str | None = None, *, minutes: int = 0, **plan: Any) -> dict[str, Any]:
    return {
        "execution": {"id": f"arn:x:{name}", "started_at": (NOW + timedelta(minutes=minutes)).isoformat()},
        "plan": {
            "partition": "all",
            "cutoff": cutoff,
            "started_by": "manual",
            "force": False,
            "fingerprint": "demand-1",
            "mode": "train",
            **plan,
        },
    }


def claimed(registry: Registry, name: str, cutoff: str | None = None, **more: Any) -> Any:
    return claim_run(state(name, cutoff, **more), registry=registry, now=NOW)


def settled(registry: Registry, name: str, *, cutoff: str = CUTOFF, model: str | None = None, **plan: Any) -> Any:
    """Claim the cutoff that the completed job found."""
    checked = {"partition": "all", "cutoff": cutoff, "run_id": f"run-of-{name}"}
    of_model = {"run_id": model} if model else None
    event = {
        **state(name, **plan),
        "claim": {"claimed": True, "cutoff": UNRESOLVED_CUTOFF},
        "run": {**checked, "model": of_model},
    }
    return claim_cutoff(event, registry=registry, now=NOW)


def publish(registry: Registry, name: str, cutoff: str = CUTOFF) -> None:
    execution = f"arn:x:{name}"
    registry.table.change("all", cutoff, lambda run: begin_publishing(run, execution, {"run_id": f"run-of-{name}"}))
    at = NOW.isoformat(timespec="seconds")
    registry.table.change("all", cutoff, lambda run: close_attempt(run, execution, "published", now=at, details={}))


def workflows(registry: Registry) -> Workflows:
    found: Any = registry.workflows
    assert isinstance(found, Workflows)
    return found


@pytest.mark.parametrize("cutoff", [CUTOFF, None])
def test_the_second_execution_gets_the_name_of_the_first(registry: Registry, cutoff: str | None) -> None:
    assert claimed(registry, "one", cutoff) == {"claimed": True, "cutoff": cutoff or UNRESOLVED_CUTOFF, "attempt": 1}
    second = claimed(registry, "two", cutoff)
    assert (second["claimed"], second["published"], second["execution"]) == (False, False, "arn:x:one")
    assert second["message"].startswith("Execution one has been working on ")
    assert claimed(registry, "one", cutoff)["claimed"] is True  # a repeated state


@pytest.mark.parametrize("how", ["ended", "gone"])
def test_a_run_of_an_ended_execution_is_taken_over(registry: Registry, how: str) -> None:
    claimed(registry, "one", CUTOFF)
    getattr(workflows(registry), how).add("arn:x:one")
    assert claimed(registry, "two", CUTOFF) == {"claimed": True, "cutoff": CUTOFF, "attempt": 2}


def test_the_claim_fails_if_the_other_executions_status_is_unknown(registry: Registry) -> None:
    claimed(registry, "one", CUTOFF)

    def throttled(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "DescribeExecution")

    workflows(registry).describe_execution = throttled  # type: ignore[assignment, method-assign]
    with pytest.raises(ClientError, match="Throttling"):
        claimed(registry, "two", CUTOFF)


def test_the_latest_run_is_denied_if_the_newest_run_is_open_or_has_the_same_input(registry: Registry) -> None:
    claimed(registry, "weekly", CUTOFF, started_by="schedule")
    assert claimed(registry, "by-hand")["execution"] == "arn:x:weekly"
    publish(registry, "weekly")
    again = claimed(registry, "by-hand", minutes=5)
    assert (again["reason"], again["run_id"]) == ("published", "run-of-weekly")
    assert 'same input and {"force": true}' in again["message"]
    assert claimed(registry, "by-hand", minutes=5, fingerprint="demand-2")["claimed"] is True
    assert registry.table.get("all", CUTOFF).version == 3  # the check changed nothing


def test_an_open_older_run_does_not_deny_the_latest(registry: Registry) -> None:
    claimed(registry, "weekly", CUTOFF)
    publish(registry, "weekly")
    claimed(registry, "backfill", "2026-08-31")
    assert claimed(registry, "by-hand", minutes=5, fingerprint="demand-2")["claimed"] is True


def test_a_run_moves_to_the_cutoff_that_the_job_found(registry: Registry) -> None:
    claimed(registry, "one")
    assert settled(registry, "one") == {"claimed": True, "cutoff": CUTOFF, "attempt": 1}
    assert settled(registry, "one")["attempt"] == 1
    assert registry.table.get("all", UNRESOLVED_CUTOFF).attempts == ()
    (attempt,) = registry.table.get("all", CUTOFF).attempts
    assert (attempt.execution, attempt.status) == ("arn:x:one", "running")


def test_a_run_published_by_another_execution_is_superseded(registry: Registry) -> None:
    claimed(registry, "one")
    claimed(registry, "weekly", CUTOFF, started_by="schedule")
    publish(registry, "weekly")
    outcome = settled(registry, "one")
    assert (outcome["claimed"], outcome["reason"], outcome["published"]) == (False, "published", False)
    assert outcome["message"].endswith("This execution's forecasts are kept as run-of-one.")
    (kept,) = registry.table.get("all", UNRESOLVED_CUTOFF).attempts
    assert (kept.status, kept.details["run_id"]) == ("superseded", "run-of-one")


def test_a_run_published_by_hand_needs_no_force(registry: Registry) -> None:
    claimed(registry, "weekly", CUTOFF)
    publish(registry, "weekly")
    assert settled(registry, "operator", publish="run-of-weekly", force=True)["attempt"] == 2


@pytest.mark.parametrize(
    ("model", "mode", "refused"),
    [("run-of-last-week", "infer", False), ("run-of-operator", "train", True), (None, "train", True)],
)
def test_an_inference_published_by_hand_does_not_count_as_training(
    registry: Registry, model: str | None, mode: str, refused: bool
) -> None:
    settled(registry, "operator", publish="run-of-operator", force=True, model=model)
    publish(registry, "operator")
    (attempt,) = registry.table.get("all", CUTOFF).attempts
    assert attempt.mode == mode
    assert claimed(registry, "weekly", CUTOFF, started_by="schedule", minutes=5)["claimed"] is not refused


def hand_over(registry: Registry, name: str, cutoff: str = CUTOFF, *, failing: bool = True) -> None:
    """End an attempt after its job and before its fleet."""
    registry.table.change(
        "all", cutoff, lambda run: add_details(run, f"arn:x:{name}", {"handover_job": f"job-of-{name}"})
    )
    if failing:
        fail(registry, name, cutoff)


def fail(registry: Registry, name: str, cutoff: str = CUTOFF, **details: Any) -> None:
    at = NOW.isoformat(timespec="seconds")
    registry.table.change(
        "all", cutoff, lambda run: close_attempt(run, f"arn:x:{name}", "failed", now=at, details=details)
    )


@pytest.mark.parametrize("cutoff", [CUTOFF, None])
def test_the_previous_attempts_handover_is_offered(registry: Registry, cutoff: str | None) -> None:
    assert "handover_job" not in claimed(registry, "one", cutoff)
    hand_over(registry, "one", cutoff or UNRESOLVED_CUTOFF)
    second = claimed(registry, "two", cutoff)
    assert (second["attempt"], second["handover_job"]) == (2, "job-of-one")
    assert claimed(registry, "two", cutoff) == second  # a repeated state


def test_the_handover_of_an_ended_execution_is_offered(registry: Registry) -> None:
    claimed(registry, "one", CUTOFF)
    hand_over(registry, "one", failing=False)
    workflows(registry).ended.add("arn:x:one")
    assert claimed(registry, "two", CUTOFF)["handover_job"] == "job-of-one"


@pytest.mark.parametrize("changes", [{"force": True}, {"fingerprint": "demand-2"}])
def test_other_demand_or_force_ignores_the_handover(registry: Registry, changes: dict[str, Any]) -> None:
    claimed(registry, "one", CUTOFF)
    hand_over(registry, "one")
    assert claimed(registry, "two", CUTOFF, **changes) == {"claimed": True, "cutoff": CUTOFF, "attempt": 2}


def test_a_handover_survives_attempts_that_fail_early(registry: Registry) -> None:
    claimed(registry, "one", CUTOFF)
    hand_over(registry, "one")
    for name in ("two", "three"):  # each fails before PlanFleet
        claimed(registry, name, CUTOFF)
        fail(registry, name)
    assert claimed(registry, "four", CUTOFF)["handover_job"] == "job-of-one"
    fail(registry, "four", handover_job=None)
    assert "handover_job" not in claimed(registry, "five", CUTOFF)


def test_a_handover_before_other_demand_or_a_published_attempt_is_not_offered(registry: Registry) -> None:
    claimed(registry, "one", CUTOFF)
    hand_over(registry, "one")
    claimed(registry, "other", CUTOFF, fingerprint="demand-2")
    fail(registry, "other")
    assert "handover_job" not in claimed(registry, "two", CUTOFF)
    hand_over(registry, "two", failing=False)
    publish(registry, "two")
    assert "handover_job" not in claimed(registry, "three", CUTOFF, force=True)
    fail(registry, "three")
    assert registry.table.get("all", CUTOFF).reusable_handover("demand-1") is None


def test_an_inference_does_not_deny_a_training(registry: Registry) -> None:
    claimed(registry, "daily", CUTOFF, mode="infer", started_by="schedule", fingerprint="demand-1 model-1")
    publish(registry, "daily")
    assert claimed(registry, "weekly", CUTOFF, started_by="schedule", minutes=5)["claimed"] is True
    (inferred, trained) = registry.table.get("all", CUTOFF).attempts
    assert (inferred.mode, trained.mode) == ("infer", "train")


def test_a_concurrent_inference_does_not_supersede_a_training(registry: Registry) -> None:
    """Another execution infers and publishes the run before the training's cutoff is known."""
    claimed(registry, "one")
    claimed(registry, "daily", CUTOFF, mode="infer", fingerprint="demand-1 model-1")
    publish(registry, "daily")
    assert settled(registry, "one")["claimed"] is True


def test_a_redriven_execution_claims_its_run_again_before_its_fleet(registry: Registry) -> None:
    for cutoff in (CUTOFF, None):
        claimed(registry, "one", cutoff)
        hand_over(registry, "one", cutoff or UNRESOLVED_CUTOFF)
        again = claimed(registry, "one", cutoff)
        assert (again["claimed"], again["attempt"], again["handover_job"]) == (True, 2, "job-of-one")
        refused = claimed(registry, "two", cutoff)
        assert (refused["claimed"], refused["reason"], refused["execution"]) == (False, "running", "arn:x:one")
        registry.table.change("all", cutoff or UNRESOLVED_CUTOFF, lambda run: move_attempt(run, "arn:x:one"))
        claimed(registry, "two", cutoff)
        assert claimed(registry, "one", cutoff)["claimed"] is False
        fail(registry, "two", cutoff or UNRESOLVED_CUTOFF)
    claimed(registry, "one")
    assert settled(registry, "one")["claimed"] is True
