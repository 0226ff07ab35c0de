"""Guard the job's speedup over plain MLForecast: `python -m benchmarks.ratio_guard`.

Seconds depend on the host; a ratio from one session depends on it much less. The guard runs both programs sequentially
and compares their ratio with the ratio in the committed results.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.plain_mlforecast import QUANTILES
from benchmarks.speed.demand_sets import workspace_in
from benchmarks.speed.process_tree import supported
from benchmarks.speed.results import JOB, PLAIN, Comparison, Host, Results, ResultsFile, load
from benchmarks.speed.run_benchmark import ComparisonSpec, compare

SERIES = 100_000
MIN_SHARE = 0.9  # of the committed ratio
MAX_SECONDS = 7_200.0
RESULTS = Path(__file__).with_name("results.json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if the ratio is at least 0.9 times the committed ratio, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ratio_guard", description=__doc__)
    parser.add_argument(
        "--series", type=int, default=SERIES, metavar="N", help="number of series; default: %(default)s"
    )
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FILE", help="committed results")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="folder for demand and outputs, on a disk")
    options = parser.parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: this benchmark runs on Linux only")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # also ends the measured program
    committed = load(options.results)
    series, before = committed_ratio(committed, options.series)
    if series != options.series:
        print(f"{options.results} has no comparison at {options.series:,} series; the guard uses {series:,} series")
    with workspace_in(options.folder) as workspace, workspace.scratch() as scratch:
        file = ResultsFile(scratch / "results.json", Results(machine=Host.current(), weeks=committed.weeks))
        compare(ComparisonSpec(series, (QUANTILES,), is_full_population=False, timeout=MAX_SECONDS), workspace, file)
    now = ratio(file.results.comparisons[series])
    if now is None:
        sys.exit(f"nothing compared: {'; '.join(_failures(file.results.comparisons[series]))}")
    print(f"{series:,} series: speedup over plain MLForecast with quantiles {now:.2f}; committed: {before:.2f}")
    if now < MIN_SHARE * before:
        print(f"target missed: speedup {now:.2f}; target: at least {MIN_SHARE * before:.2f}")
        return 1
    return 0


def committed_ratio(results: Results, series: int) -> tuple[int, float]:
    """Return the committed ratio at the nearest size.

    Args:
        results: The committed results.
        series: The requested size.

    Returns:
        The nearest size with both programs, and the job's speedup at this size.

    Raises:
        SystemExit: No size has both programs.
    """
    found = {size: times for size, each in results.comparisons.items() if (times := ratio(each)) is not None}
    if not found:
        sys.exit(f"nothing compared: the committed results have no size with both {JOB} and {PLAIN}{QUANTILES}")
    nearest = min(found, key=lambda size: abs(size - series))
    return nearest, found[nearest]


def ratio(comparison: Comparison) -> float | None:
    """Return the seconds of plain MLForecast divided by the job's; None if a run is missing or has failed."""
    job, plain = (comparison.runs.get(name) for name in (JOB, PLAIN + QUANTILES))
    if job is None or plain is None or job.failure or plain.failure:
        return None
    return plain.seconds / job.seconds


def _failures(comparison: Comparison) -> list[str]:
    return [f"{name}: {run.failure}" for name, run in comparison.runs.items() if run.failure]


if __name__ == "__main__":
    sys.exit(main())
