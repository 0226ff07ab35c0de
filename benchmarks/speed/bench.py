"""Measure speed, memory, disk, accuracy and price of the job: `python -m benchmarks.speed`, or `make bench`."""

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
from benchmarks.speed.results import Host, Results, ResultsFile, load
from benchmarks.speed.run_benchmark import ComparisonSpec, compare
from benchmarks.speed.scaling import scale

SIZES = (100_000, 300_000, 500_000, 1_000_000, 5_000_000)
PLAIN_SIZES = (100_000, 300_000)
FULL_SIZES = (100_000,)
CORES_SERIES = 1_000_000
STOPPED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = _parser().parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: the benchmark needs /proc/<pid>/smaps_rollup, which only Linux has")
    if not options.results.parent.is_dir():
        sys.exit(
            f"nothing measured: cannot write {options.results}: the folder {options.results.parent} does not exist"
        )
    file = ResultsFile(options.results, _begin(options))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # also ends the measured program
    try:
        with workspace_in(options.folder) as workspace:
            _measure(options, workspace, file)
    except KeyboardInterrupt:
        print("stopped; continue with --resume", file=sys.stderr)
        sys.exit(STOPPED)
    except subprocess.CalledProcessError:
        sys.exit("stopped: the generator of demand failed; continue with --resume")
    print(render(file.results))


def _begin(options: argparse.Namespace) -> Results:
    new = Results(machine=Host.current(), weeks=options.weeks)
    if not options.resume or not options.results.exists():
        return new
    before = load(options.results)
    if (before.weeks, before.machine.processor, before.machine.cores) != (
        new.weeks,
        new.machine.processor,
        new.machine.cores,
    ):
        sys.exit(f"nothing measured: {options.results} has results of another host or --weeks; omit --resume")
    return before


def _measure(options: argparse.Namespace, workspace: BenchmarkWorkspace, file: ResultsFile) -> None:
    for series in sorted(set(options.plain) | set(options.full)):
        variants = options.plain_variants if series in options.plain else ()
        compare(ComparisonSpec(series, variants, series in options.full, options.plain_timeout), workspace, file)
    for series in sorted(set(options.series)):
        scale(series, workspace, file)
    if options.cores_series:
        run_on_cores(options.cores_series, workspace, file)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    for name, default, purpose in (
        ("--series", SIZES, "for runs of the job"),
        ("--plain", PLAIN_SIZES, "for comparisons with plain MLForecast"),
        ("--full", FULL_SIZES, "for comparisons with the job trained on all rows"),
    ):
        shown = f"numbers of series {purpose}; default: {' '.join(map(str, default))}"
        parser.add_argument(name, type=int, nargs="*", default=default, metavar="N", help=shown)
    shown = "number of series for runs on one core and on two; 0 skips them; default: %(default)s"
    parser.add_argument("--cores-series", type=int, default=CORES_SERIES, metavar="N", help=shown)
    parser.add_argument("--weeks", type=int, default=156, metavar="N", help="weeks of history; default: %(default)s")
    parser.add_argument(
        "--plain-variants", nargs="+", choices=VARIANTS, default=VARIANTS, help="variants of plain MLForecast (all)"
    )
    parser.add_argument(
        "--plain-timeout",
        type=float,
        default=7200.0,
        metavar="SECONDS",
        help="time limit of plain MLForecast; default: %(default)s",
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="folder for demand and outputs; uses demand in DIR/SERIESxWEEKS"
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("benchmarks/results.json"),
        metavar="FILE",
        help="results file; default: %(default)s",
    )
    parser.add_argument("--resume", action="store_true", help="keep existing results and run the missing measurements")
    return parser
