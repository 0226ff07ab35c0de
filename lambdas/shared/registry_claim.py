"""Who is given a run: pure, so that every case can be tested by itself."""

from dataclasses import dataclass, replace

from .registry_record import Attempt, Refusal, Run


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An execution's wish to have a run.

    Attributes:
        execution: Its ARN.
        started_by: `schedule` or `hand`.
        fingerprint: Of the demand's files and the configuration.
        begun: When the execution was started, ISO time.
        now: ISO time.
        seconds: The same, since 1970.
        lease_seconds: For how long it wants the run.
        force: Whether to make a published run anew.
        mode: `train` or `infer`.
        gone: ARN of an execution that is known to have ended, whatever the registry says.
    """

    execution: str
    started_by: str
    fingerprint: str
    begun: str
    now: str
    seconds: int
    lease_seconds: int
    force: bool = False
    mode: str = "train"
    gone: str | None = None

    @property
    def lease_until(self) -> int:
        """When the lease runs out."""
        return self.seconds + self.lease_seconds


def claim(run: Run, wish: Claim) -> Run | Refusal:
    """Gives a run to an execution, unless another has it or has done it.

    A run that was published is made anew if that is forced; or, by hand, if demand or configuration are others and the
    execution was started after it was published. What the schedule starts is done once, however often it is delivered;
    but forecasts with an earlier model follow the demand, and stand in the way of no training: one that is at work on
    them loses the run to it.

    An execution that has published a run may go on with it: what comes after publishing may have failed.

    Args:
        run: The run as it is.
        wish: Who wants it.
    """
    last, done = run.last, _done(run, wish.mode)
    if last is not None and last.execution == wish.execution and (last.is_open or last is run.published_attempt):
        return replace(run, lease_until=wish.lease_until)
    if last is not None and last.is_open:
        gives_way = last.mode == "infer" and wish.mode == "train"
        if run.lease_until > wish.seconds and last.execution != wish.gone and not gives_way:
            return Refusal("running", last, run.cutoff)
        run = run.with_last(status="lost", ended_at=wish.now)
    if done is not None and not wish.force and not _has_changed_since(done, wish):
        return Refusal("published", done, run.cutoff)
    new = Attempt(
        number=1 + max((attempt.number for attempt in run.attempts), default=0),
        execution=wish.execution,
        started_by=wish.started_by,
        started_at=wish.now,
        fingerprint=wish.fingerprint,
        mode=wish.mode,
    )
    return replace(run, attempts=(*run.attempts, new), lease_until=wish.lease_until)


def _done(run: Run, mode: str) -> Attempt | None:
    """The attempt that has done what is wished, if one has; what was trained is done for whoever only forecasts."""
    if mode == "infer":
        return run.published_attempt
    trained = (each for each in reversed(run.attempts) if each.status == "published" and each.mode == "train")
    return next(trained, None)


def _has_changed_since(done: Attempt, wish: Claim) -> bool:
    ended = done.ended_at is not None and done.ended_at <= wish.begun
    again = wish.started_by == "hand" or wish.mode == "infer"
    return again and ended and done.fingerprint != wish.fingerprint
