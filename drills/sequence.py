"""A drill: its executions, its faults and the operator's actions, all drawn from a seed."""

import random
from dataclasses import dataclass
from typing import Any, Literal

from drills.faults import Fault, draw, missing_manifest

CUTOFF, OLDER = "2026-11-16", "2026-08-31"
SCHEDULED = "2026-11-23T05:00:00Z"  # its cutoff is CUTOFF
QUICK = {"n_estimators": 5, "horizon": 4}
Action = Literal["abort", "kill the job", "stop the job"]
ACTIONS: tuple[Action, ...] = ("abort", "kill the job", "stop the job")
# Failure codes that an action may cause.
EXPECTED_ERRORS = {
    "abort": frozenset[str](),
    "kill the job": frozenset({"OutOfMemory"}),
    "stop the job": frozenset({"Stopped"}),
}
# States of a run that is published. STATES_OF_A_FAILURE: states of a run that fails after its job has completed.
STATES = (
    *("Receive", "Plan", "PublishByHand?", "Claim", "Claimed?", "Preflight", "TrainAndInfer (ml.m5.large, spot)"),
    *(
        "SpotInterrupted? (ml.m5.large, spot)",
        "JobCompleted?",
        "CheckRun",
        "ClaimCutoff",
        "CutoffClaimed?",
        "IsPublishOnly?",
    ),
    *("QualityGate", "Publish", "NotifySuccess"),
)
STATES_OF_A_FAILURE = (
    *("CountRedrives", "ExplainFailure", "CloseRun", "NotifyFailure", "Failed"),
    *("ResumePoint?", "Restart"),
)
# Stages of the job. The empty string is the start of the job, before the first stage ends.
STAGES = ("", "read", "check", "sample", "fit", "backtest", "predict", "report")


@dataclass(frozen=True, kw_only=True)
class Start:
    """One execution.

    Attributes:
        execution_input: Input of the execution.
        after: Seconds after the start of the previous execution; None to start after its end.
        action: The operator's action on the execution.
        action_after: Seconds from the execution's start to the action.
        action_at: Point of the action, which replaces `action_after`: a state, or a finished stage of the job.
        redrives: Most redrives if the execution fails or is aborted.
    """

    execution_input: dict[str, Any]
    after: float | None
    action: Action | None = None
    action_after: float = 0.0
    action_at: str | None = None
    redrives: int = 0


@dataclass(frozen=True)
class Drill:
    """A sequence of executions under faults.

    Attributes:
        seed: Seed of the random generator.
        faults: Faults that are active from the beginning.
        starts: The executions.
        category: `sequence` of random faults and actions, `race` of two executions, or `step`: an action at one step.
    """

    seed: int
    faults: tuple[Fault, ...] = ()
    starts: tuple[Start, ...] = ()
    category: Literal["sequence", "race", "step"] = "sequence"

    @classmethod
    def drawn(cls, seed: int) -> "Drill":
        """Draw a random drill."""
        rng = random.Random(seed)  # nosec B311 # nothing secret
        faults = tuple(draw(rng) for _ in range(rng.choice((0, 1, 1, 2, 3))))
        starts = tuple(_start(rng) for _ in range(rng.choice((1, 2, 2, 3))))
        return cls(seed, faults, starts)

    @classmethod
    def race(cls, seed: int) -> "Drill":
        """Return a drill with two simultaneous executions of one run and without faults."""
        inputs: tuple[dict[str, Any], ...] = {}, {"cutoff": CUTOFF}, {"scheduled_time": SCHEDULED}
        execution_input = random.Random(seed).choice(inputs)  # nosec B311 # nothing secret
        return cls(
            seed,
            starts=tuple(Start(execution_input={**execution_input, "config": QUICK}, after=0.0) for _ in range(2)),
            category="race",
        )

    @classmethod
    def at_every_step(cls) -> "list[Drill]":
        """Return drills that abort the execution in every state and kill the job after every stage, then redrive."""
        base = {"cutoff": CUTOFF, "config": QUICK}
        aborted = [
            Start(execution_input=base, after=0.0, action="abort", action_at=state, redrives=1) for state in STATES
        ]
        killed = [
            Start(execution_input=base, after=0.0, action="kill the job", action_at=stage, redrives=1)
            for stage in STAGES
        ]
        failing = [
            Start(execution_input=base, after=0.0, action="abort", action_at=state, redrives=2)
            for state in STATES_OF_A_FAILURE
        ]
        return [
            *(cls(number, starts=(start,), category="step") for number, start in enumerate([*aborted, *killed])),
            *(cls(number, (missing_manifest(),), (start,), category="step") for number, start in enumerate(failing)),
        ]

    @property
    def expected_errors(self) -> frozenset[str]:
        """Failure codes that the faults and actions may cause."""
        errors = [fault.expected_errors for fault in self.faults]
        return frozenset().union(*errors, *(EXPECTED_ERRORS[start.action] for start in self.starts if start.action))

    @property
    def description(self) -> str:
        """The executions, actions and faults in one line."""
        starts = [_describe(start) for start in self.starts]
        return "; ".join([*starts, *(fault.description for fault in self.faults)])


def _describe(start: Start) -> str:
    run = start.execution_input
    cutoff = run.get("cutoff") or ("schedule" if "scheduled_time" in run else "latest")
    parts = [f"{cutoff}{' forced' if run.get('force') else ''}"]
    if start.action:
        parts.append(f"{start.action} {_moment(start)}")
    if start.redrives:
        parts.append(f"at most {start.redrives} redrives")
    return ", ".join(parts)


def _moment(start: Start) -> str:
    return f"after {start.action_after:.1f} s" if start.action_at is None else f"at {start.action_at or 'its start'}"


def _start(rng: random.Random) -> Start:
    which: dict[str, Any] = rng.choice(
        ({}, {"cutoff": CUTOFF}, {"scheduled_time": SCHEDULED}, {"cutoff": CUTOFF}, {"cutoff": OLDER})
    )
    execution_input = {**which, "config": QUICK}
    if rng.random() < 0.2:
        execution_input["force"] = True
    action = rng.choice(ACTIONS) if rng.random() < 0.35 else None
    return Start(
        execution_input=execution_input,
        after=rng.choice((0.0, 0.0, 1.0, 3.0, None)),
        action=action,
        action_after=rng.uniform(0.0, 9.0),
        redrives=rng.choice((0, 0, 1, 2)),
    )
