"""Whether the job may be done in its time, going by the last published run."""

from collections.abc import Iterable

from lambdas.run_registry.record import Run

from .findings import Finding, fine, unknown, wrong

# What a job takes however little demand there is: the machine, the container, the model.
FIXED_SECONDS = 180
# From a run of quite another size nothing follows: it stops no run.
MOST_GROWTH = 4


def check_time(runs: Iterable[Run], *, demand_bytes: int, max_runtime_minutes: int) -> list[Finding]:
    """Takes the time of a job to grow with its demand's bytes.

    Args:
        runs: From the registry, latest first.
        demand_bytes: Size of this run's demand.
        max_runtime_minutes: After which SageMaker stops the job.
    """
    for run in runs:
        done = run.published_attempt
        facts = (done.details.get("job") or {}) if done is not None else {}
        seconds, before = facts.get("seconds"), facts.get("demand_bytes")
        if seconds and before:
            break
    else:
        return [unknown("time: no earlier run tells how long this one will take")]
    expected = FIXED_SECONDS + max(0, seconds - FIXED_SECONDS) * demand_bytes / before
    told = (
        f"the run from {run.cutoff} took {seconds / 60:,.0f} minutes for {before / 1e9:,.3f} GB of demand; "
        f"{demand_bytes / 1e9:,.3f} GB should take about {expected / 60:,.0f}"
    )
    if demand_bytes > MOST_GROWTH * before:
        return [unknown(f"time: {told}, by a run too small to tell")]
    if expected > max_runtime_minutes * 60:
        return [
            wrong(f"time: {told}, and SageMaker stops the job after {max_runtime_minutes}; raise max_runtime_minutes")
        ]
    return [fine(f"time: {told} of at most {max_runtime_minutes}")]
