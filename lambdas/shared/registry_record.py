"""What the registry keeps of a run, and what its attempts note: pure, so that every step can be tested by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

# Sort key of runs whose cutoff only the job will know; it sorts after every date.
LATEST = "latest"

Status = Literal["running", "publishing", "published", "kept", "held", "failed", "stopped", "lost"]
OPEN: tuple[Status, ...] = ("running", "publishing")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One execution's work on a run.

    Attributes:
        number: From 1.
        execution: ARN of the execution.
        started_by: `schedule` or `hand`.
        started_at: ISO time.
        fingerprint: Of the demand's files and the configuration.
        status: `running` and `publishing` while it works; `kept` if it is whole and was not published, `held` by the
            gate, `stopped` with its execution, `lost` if its lease ran out.
        ended_at: ISO time.
        mode: `train`, or `infer` where it forecast with an earlier run's model.
        details: What is known of it: `run_id`, `forecasts`, `report`, `metrics`, `job` and `fleet` (what they took),
            `inference` (how fast it was), `handed_over` (the job whose work a fleet goes on with), and of what went
            wrong `kind` and `summary`.
    """

    number: int
    execution: str
    started_by: str
    started_at: str
    fingerprint: str
    status: Status = "running"
    ended_at: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "train"

    @property
    def is_open(self) -> bool:
        """Whether it is still at work, as far as the registry knows."""
        return self.status in OPEN


@dataclass(frozen=True, kw_only=True)
class Run:
    """One partition and cutoff.

    Attributes:
        partition: Part of the market.
        cutoff: ISO date, or `LATEST`.
        attempts: In order; only the last may be open.
        lease_until: Seconds since 1970 until which nobody else may take the run over while its last attempt is open.
        published: Number of the attempt that readers see or saw last; None where there was none.
        version: Counts its changes.
    """

    partition: str
    cutoff: str
    attempts: tuple[Attempt, ...] = ()
    lease_until: int = 0
    published: int | None = None
    version: int = 0

    @property
    def last(self) -> Attempt | None:
        """The latest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def published_attempt(self) -> Attempt | None:
        """The attempt that readers see or saw last."""
        return next((attempt for attempt in self.attempts if attempt.number == self.published), None)

    def mine(self, execution: str) -> Attempt | None:
        """The latest attempt, if it is this execution's."""
        return self.last if self.last is not None and self.last.execution == execution else None

    def handed_over(self, fingerprint: str) -> str | None:
        """The job that has done for an attempt before this one what this one would do, up to the fleet.

        An attempt that ended before it had anything to hand over leaves what the one before it did; one that noted that
        there is nothing, or published, does not.

        Args:
            fingerprint: Of the demand's files and the configuration.
        """
        for attempt in reversed(self.attempts[:-1]):
            if attempt.is_open or attempt.status == "published" or attempt.fingerprint != fingerprint:
                return None
            if "handed_over" in attempt.details:
                found: str | None = attempt.details["handed_over"]
                return found
        return None

    def with_last(self, **changes: Any) -> "Run":  # noqa: ANN401 (fields of Attempt)
        """The run with its latest attempt changed."""
        assert self.last is not None
        return replace(self, attempts=(*self.attempts[:-1], replace(self.last, **changes)))


@dataclass(frozen=True)
class Refusal:
    """Why a run was not given to an execution: another attempt has it.

    Attributes:
        reason: `running` where that attempt is at work, `published` where it has published the run.
        attempt: That attempt.
        cutoff: Of the run.
    """

    reason: Literal["running", "published"]
    attempt: Attempt
    cutoff: str


def release(run: Run, execution: str) -> Run:
    """Takes an execution's open attempt out: its work goes on under another cutoff."""
    mine = run.mine(execution)
    return replace(run, attempts=run.attempts[:-1]) if mine is not None and mine.is_open else run


def begin_publishing(run: Run, execution: str, details: Mapping[str, Any]) -> Run | Refusal:
    """Notes that the pointer is about to be moved, if the run is still this execution's."""
    mine = run.mine(execution)
    if mine is None:
        assert run.last is not None
        return Refusal("running" if run.last.is_open else "published", run.last, run.cutoff)
    return run.with_last(status="publishing", ended_at=None, details={**mine.details, **details})


def note(run: Run, execution: str, details: Mapping[str, Any]) -> Run:
    """Notes something about an execution's attempt while it is at work."""
    mine = run.mine(execution)
    if mine is None or not mine.is_open:
        return run
    return run.with_last(details={**mine.details, **details})


def end(run: Run, execution: str, status: Status, *, now: str, details: Mapping[str, Any]) -> Run:
    """Notes how an execution's attempt ended; one that has ended already, or is not its own, stays as it is."""
    mine = run.mine(execution)
    if mine is None or not mine.is_open:
        return run
    ended = run.with_last(status=status, ended_at=now, details={**mine.details, **details})
    return replace(ended, published=mine.number) if status == "published" else ended
