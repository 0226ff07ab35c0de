"""Guard how many times as fast as plain MLForecast the job is: `python -m benchmarks.ratio_guard`.

Seconds depend on the machine; their ratio in one run does so much less. So both run one after the other, and the
ratio is compared with the one of the results that are committed.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.plain_mlforecast import QUANTILES
from benchmarks.speed.demand_sets import workspace_in
from benchmarks.speed.process_tree import supported
from benchmarks.speed.results import JOB, PLAIN, Comparison, Machine, Results, ResultsFile, load
from benchmarks.speed.run_benchmark import ComparisonSpec, compare

SERIES = 100_000
LEAST = 0.9  # of the committed ratio
MAX_SECONDS = 7_200.0
RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 where the ratio is no more than a tenth worse than the committed one.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ratio_guard", description=__doc__)
    parser.add_argument("--series", type=int, default=SERIES, metavar="N", help="%(default)s")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="that are committed")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="for demand and outputs, on a disk")
    given = parser.parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: it runs on Linux alone")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is being measured ends with this process
    committed = load(given.results)
    series, before = committed_ratio(committed, given.series)
    if series != given.series:
        print(f"{given.results} has no comparison at {given.series:,} series; the guard takes its {series:,}")
    with workspace_in(given.folder) as workspace, workspace.scratch() as scratch:
        file = ResultsFile(scratch / "results.json", Results(machine=Machine.here(), weeks=committed.weeks))
        compare(ComparisonSpec(series, (QUANTILES,), is_full_population=False, timeout=MAX_SECONDS), workspace, file)
    now = ratio(file.results.comparisons[series])
    if now is None:
        sys.exit(f"nothing compared: {'; '.join(_failures(file.results.comparisons[series]))}")
    print(f"{series:,} series: {now:.2f} times as fast as plain MLForecast with quantiles; committed: {before:.2f}")
    if now < LEAST * before:
        print(f"missed: at least {LEAST * before:.2f}")
        return 1
    return 0


def committed_ratio(results: Results, series: int) -> tuple[int, float]:
    """Find the ratio to compare with.

    Args:
        results: As committed.
        series: The size that is wanted; else the nearest one counts.

    Returns:
        The size, and how many times as fast the job was.

    Raises:
        SystemExit: If no size has both programs.
    """
    found = {size: times for size, each in results.comparisons.items() if (times := ratio(each)) is not None}
    if not found:
        sys.exit(f"nothing to compare with: the results have no size with both {JOB} and {PLAIN}{QUANTILES}")
    nearest = min(found, key=lambda size: abs(size - series))
    return nearest, found[nearest]


def ratio(comparison: Comparison) -> float | None:
    """Return the seconds of plain MLForecast over those of the job; None where one is missing or has failed."""
    job, plain = (comparison.runs.get(name) for name in (JOB, PLAIN + QUANTILES))
    if job is None or plain is None or job.failure or plain.failure:
        return None
    return plain.seconds / job.seconds


def _failures(comparison: Comparison) -> list[str]:
    return [f"{name}: {run.failure}" for name, run in comparison.runs.items() if run.failure]


if __name__ == "__main__":
    sys.exit(main())
