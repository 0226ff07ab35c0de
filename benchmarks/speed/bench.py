"""Measures speed, memory, disk, accuracy and price of the job: `python -m benchmarks.speed`, or `make bench`."""

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.plain_mlforecast import VARIANTS
from benchmarks.speed.cores import run_on_cores
from benchmarks.speed.demand_sets import BenchmarkWorkspace, workspace_in
from benchmarks.speed.markdown import render
from benchmarks.speed.process_tree import supported
from benchmarks.speed.results import Machine, Results, ResultsFile, load
from benchmarks.speed.run_benchmark import ComparisonSpec, compare
from benchmarks.speed.scaling import scale

SIZES = (100_000, 300_000, 500_000, 1_000_000, 5_000_000)
PLAIN_SIZES = (100_000, 300_000)
FULL_SIZES = (100_000,)
CORES_SERIES = 300_000
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    given = _parser().parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: memory is read from /proc/<pid>/smaps_rollup, which only Linux has")
    if not given.results.parent.is_dir():
        sys.exit(f"nothing measured: {given.results} cannot be written: there is no folder {given.results.parent}")
    file = ResultsFile(given.results, _begin(given))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is being measured ends with this process
    try:
        with workspace_in(given.folder) as workspace:
            _measure(given, workspace, file)
    except KeyboardInterrupt:
        print("stopped; --resume goes on from here", file=sys.stderr)
        sys.exit(STOPPED)
    except subprocess.CalledProcessError:
        sys.exit("stopped: no demand could be generated; --resume goes on from here")
    print(render(file.results))


def _begin(given: argparse.Namespace) -> Results:
    begun = Results(machine=Machine.here(), weeks=given.weeks)
    if not given.resume or not given.results.exists():
        return begun
    before = load(given.results)
    if (before.weeks, before.machine.processor, before.machine.cores) != (
        begun.weeks,
        begun.machine.processor,
        begun.machine.cores,
    ):
        sys.exit(f"nothing measured: {given.results} is of another machine or of other --weeks; leave out --resume")
    return before


def _measure(given: argparse.Namespace, workspace: BenchmarkWorkspace, file: ResultsFile) -> None:
    for series in sorted(set(given.plain) | set(given.full)):
        variants = given.plain_variants if series in given.plain else ()
        compare(ComparisonSpec(series, variants, series in given.full, given.plain_timeout), workspace, file)
    for series in sorted(set(given.series)):
        scale(series, workspace, file)
    if given.cores_series:
        run_on_cores(given.cores_series, workspace, file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    for name, default, purpose in (
        ("--series", SIZES, "to run the job at"),
        ("--plain", PLAIN_SIZES, "to compare with plain MLForecast at"),
        ("--full", FULL_SIZES, "to compare with the job fitted on everything at"),
    ):
        shown = f"numbers of series {purpose} ({' '.join(map(str, default))})"
        parser.add_argument(name, type=int, nargs="*", default=default, metavar="N", help=shown)
    shown = "number of series to run the job at on one core and on two; 0 for none (%(default)s)"
    parser.add_argument("--cores-series", type=int, default=CORES_SERIES, metavar="N", help=shown)
    parser.add_argument("--weeks", type=int, default=156, metavar="N", help="of history (%(default)s)")
    parser.add_argument(
        "--plain-variants", nargs="+", choices=VARIANTS, default=VARIANTS, help="what plain MLForecast learns (all)"
    )
    parser.add_argument(
        "--plain-timeout", type=float, default=7200.0, metavar="SECONDS", help="for plain MLForecast (%(default)s)"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="for demand and outputs; demand in DIR/SERIESxWEEKS is used"
    )
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results.json"), metavar="FILE")
    parser.add_argument("--resume", action="store_true", help="keep what the results have, and measure the rest")
    return parser
