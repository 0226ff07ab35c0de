"""The job on one core and on two: what each stage gains from a second core."""

from benchmarks.speed.demand_sets import BenchmarkWorkspace
from benchmarks.speed.programs import run_job, with_limit
from benchmarks.speed.results import ResultsFile
from job_code.runtime.process_pool import available_cores

CORES = (1, 2)


def run_on_cores(series: int, workspace: BenchmarkWorkspace, file: ResultsFile) -> None:
    """Run the job on each number of cores that the results file does not have yet, and add the runs to it.

    Args:
        series: Number of series.
        workspace: Where demand and outputs lie.
        file: Takes the runs.
    """
    missing = [cores for cores in CORES if cores not in file.results.cores.get(series, {})]
    possible = [cores for cores in missing if cores <= available_cores()]
    if possible != missing:
        workspace.progress.say(f"not measured on {max(missing)} cores: this process may use {available_cores()}")
    if not possible:
        return
    with workspace.demand(series, file.results.weeks) as demand:
        for cores in possible:
            workspace.progress.say(f"run the job on {series:,} series, on {cores} of the cores")
            with workspace.scratch() as scratch:
                run = run_job(demand, scratch / "out", series=series, cores=cores)
                run = with_limit(run, demand, scratch / "out", cores=cores)
            file.add_cores(series, cores, run)
            workspace.progress.say(run.told)
