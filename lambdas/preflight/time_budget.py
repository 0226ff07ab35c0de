"""Check whether the job may finish in time, by the last published run of the same mode."""

from collections.abc import Iterable, Iterator

from lambdas.shared.registry_record import Run

from .check_results import CheckResult, failed, ok, unknown

# Duration of a job without demand: start of the instance and the container, and the model.
FIXED_SECONDS = 180
# An estimate from a much smaller run is unreliable, so it stops no run.
MAX_GROWTH = 4


def check_time(
    runs: Iterable[Run], *, mode: str, fleet: bool, demand_bytes: int, max_runtime_minutes: int
) -> list[CheckResult]:
    """Estimate the job's duration from the last comparable run; the duration grows with the bytes of demand.

    Args:
        runs: Runs of the registry, latest first.
        mode: `train` or `infer`.
        fleet: Whether the job hands over to a fleet instead of forecasting itself.
        demand_bytes: Size of this run's demand.
        max_runtime_minutes: Time after which SageMaker stops the job, in minutes.
    """
    known = next(((run.cutoff, *facts) for run in runs for facts in _measured(run, mode=mode, fleet=fleet)), None)
    if known is None:
        return [unknown("time: there is no comparable earlier run to estimate the duration from")]
    cutoff, seconds, before = known
    expected = FIXED_SECONDS + max(0, seconds - FIXED_SECONDS) * demand_bytes / before
    estimate = (
        f"the run from {cutoff} took {seconds / 60:,.0f} minutes for {before / 1e9:,.3f} GB of demand; "
        f"{demand_bytes / 1e9:,.3f} GB should take about {expected / 60:,.0f} minutes"
    )
    if demand_bytes > MAX_GROWTH * before:
        return [unknown(f"time: {estimate}, but the earlier run is too small for a reliable estimate")]
    if expected > max_runtime_minutes * 60:
        return [failed(f"time: {estimate}, but the limit is {max_runtime_minutes} minutes; raise max_runtime_minutes")]
    return [ok(f"time: {estimate} of at most {max_runtime_minutes}")]


def _measured(run: Run, *, mode: str, fleet: bool) -> Iterator[tuple[float, int]]:
    """Yield seconds and demand bytes of a run's jobs, latest first. A run may be trained, and later inferred again."""
    for attempt in reversed(run.attempts):
        facts = attempt.details.get("job") or {}
        alike = attempt.mode == mode and bool(attempt.details.get("fleet")) is fleet
        if attempt.status == "published" and alike and facts.get("seconds") and facts.get("demand_bytes"):
            yield facts["seconds"], facts["demand_bytes"]
