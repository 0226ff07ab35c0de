"""Guard the job's memory: `python -m benchmarks.memory_guard`.

Ten times as many series need more time and disk, but hardly more memory, because the job works in shards and chunks.
"""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed.demand_sets import workspace_in
from benchmarks.speed.process_tree import supported
from benchmarks.speed.programs import run_job

SERIES, TIMES = 100_000, 10
MAX_RATIO = 1.3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if the target is met, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory_guard", description=__doc__)
    parser.add_argument(
        "--series", type=int, default=SERIES, metavar="N", help="number of series; default: %(default)s"
    )
    parser.add_argument("--times", type=int, default=TIMES, metavar="N", help="times as many; default: %(default)s")
    parser.add_argument("--weeks", type=int, default=156, metavar="N", help="weeks of history; default: %(default)s")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="folder for demand and outputs, on a disk")
    options = parser.parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: this benchmark runs on Linux only")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # also ends the measured program
    memory = []
    with workspace_in(options.folder) as workspace:
        for series in (options.series, options.series * options.times):
            with workspace.demand(series, options.weeks) as demand, workspace.scratch() as scratch:
                workspace.progress.log(f"run the job on {series:,} series")
                run = run_job(demand, scratch / "out", series=series)
            if run.failure:
                sys.exit(f"the job on {series:,} series failed: {run.failure}")
            print(f"{series:,} series: {run.peak_memory / 1e9:.2f} GB, in the stage {run.peak_stage}")
            memory.append(run.peak_memory)
    ratio = memory[1] / memory[0]
    print(
        f"{options.times} times as many series need {ratio:.2f} times the memory; target: at most {MAX_RATIO:g} times"
    )
    return 1 if ratio > MAX_RATIO else 0


if __name__ == "__main__":
    sys.exit(main())
