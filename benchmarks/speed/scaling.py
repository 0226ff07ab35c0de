"""The job at one size: how long, how much memory, how much disk."""

from benchmarks.speed.demand_sets import Workshop, describe
from benchmarks.speed.programs import run_job, with_limit
from benchmarks.speed.results import ResultsFile, Scaling


def scale(series: int, workshop: Workshop, file: ResultsFile) -> None:
    """Runs the job at a size, unless the results file has it, and adds the run to it."""
    if series in file.results.scaling:
        return
    with workshop.demand(series, file.results.weeks) as demand, workshop.scratch() as scratch:
        workshop.progress.say(f"run the job on {series:,} series")
        run = with_limit(run_job(demand, scratch / "out", series=series), demand, scratch / "out")
        file.add_scaling(series, Scaling(demand=describe(demand), run=run))
        workshop.progress.say(run.told)
