"""Measure the time, memory and disk of the job at one size."""

from benchmarks.speed.demand_sets import BenchmarkWorkspace, describe
from benchmarks.speed.programs import run_job, with_limit
from benchmarks.speed.results import ResultsFile, Scaling


def scale(series: int, workspace: BenchmarkWorkspace, file: ResultsFile) -> None:
    """Run the job at a size and add the run to the results file. Do nothing if the file has the size."""
    if series in file.results.scaling:
        return
    with workspace.demand(series, file.results.weeks) as demand, workspace.scratch() as scratch:
        workspace.progress.log(f"run the job on {series:,} series")
        run = with_limit(run_job(demand, scratch / "out", series=series), demand, scratch / "out")
        file.add_scaling(series, Scaling(demand=describe(demand), run=run))
        workspace.progress.log(run.summary)
