"""A run in the registry, and the changes of its attempts. All functions are pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

# Sort key of a run whose cutoff only the job will find. It sorts after every date.
UNRESOLVED_CUTOFF = "unresolved"

Status = Literal["running", "publishing", "published", "superseded", "pending_approval", "failed", "aborted", "expired"]
OPEN: tuple[Status, ...] = ("running", "publishing")


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One execution's work on a run.

    Attributes:
        number: Number of the attempt, from 1.
        execution: ARN of the execution.
        started_by: `schedule` or `manual`.
        started_at: ISO time.
        fingerprint: Fingerprint of the demand files and the configuration.
        status: `running` and `publishing` while the execution works on it. `superseded`: the forecasts are complete,
            but a later cutoff is published. `pending_approval`: the quality gate rejected the run. `aborted`: someone
            aborted the execution. `expired`: its lease ran out.
        ended_at: ISO time.
        mode: `train`, or `infer` for forecasts with an earlier run's model.
        details: `run_id`, `forecasts`, `report`, `metrics`, `job` and `fleet` (their duration), `inference`
            (throughput), `handover_job` (the training job that handed over to a fleet), and of a failure `kind` and
            `summary`.
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
        """Whether the registry expects the execution to go on."""
        return self.status in OPEN


@dataclass(frozen=True, kw_only=True)
class Run:
    """One partition and cutoff.

    Attributes:
        partition: The partition.
        cutoff: ISO date, or `UNRESOLVED_CUTOFF`.
        attempts: In order; only the last can be open.
        lease_until: Unix time at which the lease of an open attempt ends. Until then no other execution gets the run.
        published: Number of the attempt that was published last; None if none was.
        version: Number of changes.
    """

    partition: str
    cutoff: str
    attempts: tuple[Attempt, ...] = ()
    lease_until: int = 0
    published: int | None = None
    version: int = 0

    @property
    def last(self) -> Attempt | None:
        """The last attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def published_attempt(self) -> Attempt | None:
        """The attempt that was published last."""
        return next((attempt for attempt in self.attempts if attempt.number == self.published), None)

    def last_attempt_of(self, execution: str) -> Attempt | None:
        """Return the last attempt if it is this execution's."""
        return self.last if self.last is not None and self.last.execution == execution else None

    def reusable_handover(self, fingerprint: str) -> str | None:
        """Return the training job whose handover the last attempt can reuse, if there is one.

        An earlier attempt with the same files and configuration may have trained and handed over to a fleet. Attempts
        that failed before they handed anything over are skipped. The search ends at an attempt that is open or
        published, or whose details state that it has no handover.

        Args:
            fingerprint: Fingerprint of the demand files and the configuration.
        """
        for attempt in reversed(self.attempts[:-1]):
            if attempt.is_open or attempt.status == "published" or attempt.fingerprint != fingerprint:
                return None
            if "handover_job" in attempt.details:
                found: str | None = attempt.details["handover_job"]
                return found
        return None

    def with_last(self, **changes: Any) -> "Run":  # noqa: ANN401 (fields of Attempt)
        """Return the run with a changed last attempt."""
        assert self.last is not None
        return replace(self, attempts=(*self.attempts[:-1], replace(self.last, **changes)))


@dataclass(frozen=True)
class LeaseDenied:
    """Why an execution did not get a run.

    Attributes:
        reason: `running`: another attempt works on it. `published`: another attempt has published it.
        attempt: That attempt.
        cutoff: Cutoff of the run.
    """

    reason: Literal["running", "published"]
    attempt: Attempt
    cutoff: str


def move_attempt(run: Run, execution: str) -> Run:
    """Remove an execution's open attempt, which goes on under another cutoff."""
    attempt = run.last_attempt_of(execution)
    return replace(run, attempts=run.attempts[:-1]) if attempt is not None and attempt.is_open else run


def begin_publishing(run: Run, execution: str, details: Mapping[str, Any]) -> Run | LeaseDenied:
    """Mark an execution's attempt as publishing, if the run is still its own."""
    attempt = run.last_attempt_of(execution)
    if attempt is None:
        assert run.last is not None
        return LeaseDenied("running" if run.last.is_open else "published", run.last, run.cutoff)
    return run.with_last(status="publishing", ended_at=None, details={**attempt.details, **details})


def add_details(run: Run, execution: str, details: Mapping[str, Any]) -> Run:
    """Add details to an execution's attempt while it is open."""
    attempt = run.last_attempt_of(execution)
    if attempt is None or not attempt.is_open:
        return run
    return run.with_last(details={**attempt.details, **details})


def close_attempt(run: Run, execution: str, status: Status, *, now: str, details: Mapping[str, Any]) -> Run:
    """Close an execution's attempt. A closed attempt, or one of another execution, does not change."""
    attempt = run.last_attempt_of(execution)
    if attempt is None or not attempt.is_open:
        return run
    closed = run.with_last(status=status, ended_at=now, details={**attempt.details, **details})
    return replace(closed, published=attempt.number) if status == "published" else closed
