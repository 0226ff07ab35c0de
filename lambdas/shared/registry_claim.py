"""Grants a lease on a run to one execution at a time. All functions are pure."""

from dataclasses import dataclass, replace

from .registry_record import Attempt, LeaseDenied, Run


@dataclass(frozen=True, kw_only=True)
class LeaseRequest:
    """An execution's request for a lease on a run.

    Attributes:
        execution: ARN of the execution.
        started_by: `schedule` or `manual`.
        fingerprint: Fingerprint of the demand files and the configuration.
        execution_started_at: Start of the execution, ISO time.
        now: ISO time.
        now_epoch: The same as Unix time.
        lease_seconds: Duration of the lease.
        force: Whether to repeat a published run.
        mode: `train` or `infer`.
        ended_execution: ARN of an execution that has ended, though the registry shows it open.
    """

    execution: str
    started_by: str
    fingerprint: str
    execution_started_at: str
    now: str
    now_epoch: int
    lease_seconds: int
    force: bool = False
    mode: str = "train"
    ended_execution: str | None = None

    @property
    def lease_until(self) -> int:
        """Unix time at which the lease ends."""
        return self.now_epoch + self.lease_seconds


def claim(run: Run, request: LeaseRequest) -> Run | LeaseDenied:
    """Give a run to an execution, unless another one works on it or has published it.

    A published run is repeated if `force` is set. It is also repeated if someone starts it by hand after it was
    published, and files or configuration have changed. A scheduled start never repeats it, however often the schedule
    delivers it. A run in mode `infer` follows changed demand too, and gives way to a training.

    An execution that has published a run can go on with it: a later step may have failed.

    Args:
        run: The run in the registry.
        request: The request.
    """
    last, done = run.last, _done(run, request.mode)
    if last is not None and last.execution == request.execution and (last.is_open or last is run.published_attempt):
        return replace(run, lease_until=request.lease_until)
    if last is not None and last.is_open:
        gives_way = last.mode == "infer" and request.mode == "train"
        if run.lease_until > request.now_epoch and last.execution != request.ended_execution and not gives_way:
            return LeaseDenied("running", last, run.cutoff)
        run = run.with_last(status="expired", ended_at=request.now)
    if done is not None and not request.force and not _has_changed_since(done, request):
        return LeaseDenied("published", done, run.cutoff)
    new = Attempt(
        number=1 + max((attempt.number for attempt in run.attempts), default=0),
        execution=request.execution,
        started_by=request.started_by,
        started_at=request.now,
        fingerprint=request.fingerprint,
        mode=request.mode,
    )
    return replace(run, attempts=(*run.attempts, new), lease_until=request.lease_until)


def _done(run: Run, mode: str) -> Attempt | None:
    """Return the published attempt of the requested mode. A training also counts as an inference."""
    if mode == "infer":
        return run.published_attempt
    trained = (each for each in reversed(run.attempts) if each.status == "published" and each.mode == "train")
    return next(trained, None)


def _has_changed_since(done: Attempt, request: LeaseRequest) -> bool:
    ended = done.ended_at is not None and done.ended_at <= request.execution_started_at
    may_repeat = request.started_by == "manual" or request.mode == "infer"
    return may_repeat and ended and done.fingerprint != request.fingerprint
