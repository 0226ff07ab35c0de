"""Whether the job may be done in its time, going by the last published run of its kind."""

from collections.abc import Iterable, Iterator

from lambdas.shared.registry_record import Run

from .findings import Finding, fine, unknown, wrong

# What a job takes however little demand there is: the machine, the container, the model.
FIXED_SECONDS = 180
# From a run of quite another size nothing follows: it stops no run.
MAX_GROWTH = 4


def check_time(
    runs: Iterable[Run], *, mode: str, fleet: bool, demand_bytes: int, max_runtime_minutes: int
) -> list[Finding]:
    """Takes the time of a job to grow with its demand's bytes, among those that have the same to do.

    Args:
        runs: From the registry, latest first.
        mode: `train` or `infer`.
        fleet: Whether the job hands over to a fleet instead of forecasting by itself.
        demand_bytes: Size of this run's demand.
        max_runtime_minutes: After which SageMaker stops the job.
    """
    known = next(((run.cutoff, *facts) for run in runs for facts in _measured(run, mode=mode, fleet=fleet)), None)
    if known is None:
        return [unknown("time: no earlier run of this kind tells how long this one will take")]
    cutoff, seconds, before = known
    expected = FIXED_SECONDS + max(0, seconds - FIXED_SECONDS) * demand_bytes / before
    told = (
        f"the run from {cutoff} took {seconds / 60:,.0f} minutes for {before / 1e9:,.3f} GB of demand; "
        f"{demand_bytes / 1e9:,.3f} GB should take about {expected / 60:,.0f}"
    )
    if demand_bytes > MAX_GROWTH * before:
        return [unknown(f"time: {told}, by a run too small to tell")]
    if expected > max_runtime_minutes * 60:
        return [
            wrong(f"time: {told}, and SageMaker stops the job after {max_runtime_minutes}; raise max_runtime_minutes")
        ]
    return [fine(f"time: {told} of at most {max_runtime_minutes}")]


def _measured(run: Run, *, mode: str, fleet: bool) -> Iterator[tuple[float, int]]:
    """Seconds and demand's bytes of the jobs of one run, the latest first; it may have been trained, then inferred."""
    for attempt in reversed(run.attempts):
        facts = attempt.details.get("job") or {}
        alike = attempt.mode == mode and bool(attempt.details.get("fleet")) is fleet
        if attempt.status == "published" and alike and facts.get("seconds") and facts.get("demand_bytes"):
            yield facts["seconds"], facts["demand_bytes"]
