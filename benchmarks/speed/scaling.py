"""The job at one size: how long, how much memory, how much disk."""

from benchmarks.speed.demand_sets import BenchmarkWorkspace, describe
from benchmarks.speed.programs import run_job, with_limit
from benchmarks.speed.results import ResultsFile, Scaling


def scale(series: int, workspace: BenchmarkWorkspace, file: ResultsFile) -> None:
    """Runs the job at a size, unless the results file has it, and adds the run to it."""
    if series in file.results.scaling:
        return
    with workspace.demand(series, file.results.weeks) as demand, workspace.scratch() as scratch:
        workspace.progress.say(f"run the job on {series:,} series")
        run = with_limit(run_job(demand, scratch / "out", series=series), demand, scratch / "out")
        file.add_scaling(series, Scaling(demand=describe(demand), run=run))
        workspace.progress.say(run.told)
