"""Measure the job on one core and on two, to show the speedup of each stage."""

from benchmarks.speed.demand_sets import BenchmarkWorkspace
from benchmarks.speed.programs import run_job, with_limit
from benchmarks.speed.results import ResultsFile
from job_code.runtime.process_pool import available_cores

CORES = (1, 2)


def run_on_cores(series: int, workspace: BenchmarkWorkspace, file: ResultsFile) -> None:
    """Run the job on each number of cores that is missing in the results file, and add the runs to the file.

    Args:
        series: Number of series.
        workspace: Folder for demand and outputs.
        file: The results file.
    """
    missing = [cores for cores in CORES if cores not in file.results.cores.get(series, {})]
    possible = [cores for cores in missing if cores <= available_cores()]
    if possible != missing:
        workspace.progress.log(f"not measured on {max(missing)} cores: this process may use only {available_cores()}")
    if not possible:
        return
    with workspace.demand(series, file.results.weeks) as demand:
        for cores in possible:
            workspace.progress.log(f"run the job on {series:,} series with {cores} of the cores")
            with workspace.scratch() as scratch:
                run = run_job(demand, scratch / "out", series=series, cores=cores)
                run = with_limit(run, demand, scratch / "out", cores=cores)
            file.add_cores(series, cores, run)
            workspace.progress.log(run.summary)
