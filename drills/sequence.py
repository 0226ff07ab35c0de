"""One drill: what is started, what goes wrong, and what an operator does about it; all of it drawn from a seed."""

import random
from dataclasses import dataclass
from typing import Any, Literal

from drills.faults import Fault, draw, missing_manifest

CUTOFF, OLDER = "2026-11-16", "2026-08-31"
SCHEDULED = "2026-11-23T05:00:00Z"  # the cutoff that follows from it is the same
QUICK = {"n_estimators": 5, "horizon": 4}
Deed = Literal["abort", "kill the job", "stop the job"]
DEEDS: tuple[Deed, ...] = ("abort", "kill the job", "stop the job")
# Kinds of failure that may follow of what somebody does.
TOLD_AS = {
    "abort": frozenset[str](),
    "kill the job": frozenset({"OutOfMemory"}),
    "stop the job": frozenset({"Stopped"}),
}
# Of a run that is published, and of one that fails once its job has completed.
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
# Of the job; none of them is done when it starts.
STAGES = ("", "read", "check", "sample", "fit", "backtest", "predict", "report")


@dataclass(frozen=True, kw_only=True)
class Start:
    """One execution.

    Attributes:
        given: Its input.
        after: Seconds after the one before; None once that has ended.
        deed: What somebody does to it.
        deed_after: Seconds after its start.
        deed_at: Instead, where the execution must have got to: a state, or for its job a finished stage.
        redrives: How often it is redriven, should it fail or be aborted.
    """

    given: dict[str, Any]
    after: float | None
    deed: Deed | None = None
    deed_after: float = 0.0
    deed_at: str | None = None
    redrives: int = 0


@dataclass(frozen=True)
class Drill:
    """A sequence of executions under faults.

    Attributes:
        seed: It is drawn from.
        faults: What goes wrong, from the beginning.
        starts: The executions.
        kind: Drawn as a sequence of anything, or a race; or one step of a run, which somebody ends in it.
    """

    seed: int
    faults: tuple[Fault, ...] = ()
    starts: tuple[Start, ...] = ()
    kind: Literal["sequence", "race", "step"] = "sequence"

    @classmethod
    def drawn(cls, seed: int) -> "Drill":
        """Draws a drill."""
        chance = random.Random(seed)  # noqa: S311 - nothing secret
        faults = tuple(draw(chance) for _ in range(chance.choice((0, 1, 1, 2, 3))))
        starts = tuple(_start(chance) for _ in range(chance.choice((1, 2, 2, 3))))
        return cls(seed, faults, starts)

    @classmethod
    def race(cls, seed: int) -> "Drill":
        """Two executions of one run, at once; nothing else goes wrong."""
        given = random.Random(seed).choice(({}, {"cutoff": CUTOFF}, {"scheduled_time": SCHEDULED}))  # noqa: S311
        return cls(
            seed, starts=tuple(Start(given={**given, "config": QUICK}, after=0.0) for _ in range(2)), kind="race"
        )

    @classmethod
    def at_every_step(cls) -> "list[Drill]":
        """An abort in every state and a kill after every stage of the job, each with a redrive after it."""
        given = {"cutoff": CUTOFF, "config": QUICK}
        aborted = [Start(given=given, after=0.0, deed="abort", deed_at=state, redrives=1) for state in STATES]
        killed = [Start(given=given, after=0.0, deed="kill the job", deed_at=stage, redrives=1) for stage in STAGES]
        failing = [
            Start(given=given, after=0.0, deed="abort", deed_at=state, redrives=2) for state in STATES_OF_A_FAILURE
        ]
        return [
            *(cls(number, starts=(start,), kind="step") for number, start in enumerate([*aborted, *killed])),
            *(cls(number, (missing_manifest(),), (start,), kind="step") for number, start in enumerate(failing)),
        ]

    @property
    def told_as(self) -> frozenset[str]:
        """Kinds of failure an operator may be told of."""
        kinds = [fault.told_as for fault in self.faults]
        return frozenset().union(*kinds, *(TOLD_AS[start.deed] for start in self.starts if start.deed))

    @property
    def words(self) -> str:
        """What happens, in a line."""
        starts = [
            f"{start.given.get('cutoff') or ('schedule' if 'scheduled_time' in start.given else 'latest')}"
            f"{' forced' if start.given.get('force') else ''}"
            f"{f', {start.deed} {_moment(start)}' if start.deed else ''}"
            f"{f', redriven up to {start.redrives} x' if start.redrives else ''}"
            for start in self.starts
        ]
        return "; ".join([*starts, *(fault.words for fault in self.faults)])


def _moment(start: Start) -> str:
    return f"after {start.deed_after:.1f} s" if start.deed_at is None else f"at {start.deed_at or 'its start'}"


def _start(chance: random.Random) -> Start:
    which: dict[str, Any] = chance.choice(
        ({}, {"cutoff": CUTOFF}, {"scheduled_time": SCHEDULED}, {"cutoff": CUTOFF}, {"cutoff": OLDER})
    )
    given = {**which, "config": QUICK}
    if chance.random() < 0.2:
        given["force"] = True
    deed = chance.choice(DEEDS) if chance.random() < 0.35 else None
    return Start(
        given=given,
        after=chance.choice((0.0, 0.0, 1.0, 3.0, None)),
        deed=deed,
        deed_after=chance.uniform(0.0, 9.0),
        redrives=chance.choice((0, 0, 1, 2)),
    )
