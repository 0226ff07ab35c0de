"""Measure the job with busy neighbors: `python -m benchmarks.neighbors`.

The job runs alone, and then with programs that use a core each. Only seconds from the same session are comparable.
"""

import argparse
import ctypes
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.speed.demand_sets import workspace_in
from benchmarks.speed.process_tree import supported
from benchmarks.speed.programs import run_job
from benchmarks.speed.results import Run
from benchmarks.speed.tables.markdown_table import markdown_table

SERIES, NEIGHBORS = 100_000, (1, 2, 4)
MAX_RATIO = {1: 1.6, 4: 3.5}  # seconds relative to the job alone, by number of neighbors
LOOP = "while True: pass"
SIGNAL_AT_PARENTS_END = 1  # Linux: PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 if the targets are met, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbors", description=__doc__)
    parser.add_argument(
        "--series", type=int, default=SERIES, metavar="N", help="number of series; default: %(default)s"
    )
    parser.add_argument("--weeks", type=int, default=156, metavar="N", help="weeks of history; default: %(default)s")
    parser.add_argument("--neighbors", type=int, nargs="+", default=NEIGHBORS, metavar="N", help="numbers of neighbors")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="folder for demand and outputs, on a disk")
    options = parser.parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: this benchmark runs on Linux only")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # also ends the busy loops
    runs: dict[int, Run] = {}
    with workspace_in(options.folder) as workspace, workspace.demand(options.series, options.weeks) as demand:
        for count in (0, *options.neighbors):
            workspace.progress.log(f"run the job on {options.series:,} series with {count} busy loops")
            with workspace.scratch() as scratch, busy_loops(count):
                runs[count] = run_job(demand, scratch / "out", series=options.series)
            if failure := runs[count].failure:
                sys.exit(f"the job with {count} busy loops failed: {failure}")
    others = runs[0].other_cpu_seconds / runs[0].seconds
    print(f"{options.series:,} series; without busy loops, other programs used {others:.2f} cores\n\n{table(runs)}")
    over = [count for count, most in MAX_RATIO.items() if count in runs and _times(runs, count) > most]
    for count in over:
        print(
            f"target missed: {_times(runs, count):.2f} times as long with {count} loops; target: {MAX_RATIO[count]:g}"
        )
    return 1 if over else 0


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep cores busy while the block runs.

    Args:
        count: Number of programs that use a core each. They end with this process, even if it is killed.
    """
    with ExitStack() as stack:
        for _ in range(count):
            # preexec_fn makes a single system call, so it cannot deadlock on another thread's lock.
            loop = subprocess.Popen([sys.executable, "-c", LOOP], preexec_fn=_end_with_parent)  # nosec B603 # LOOP
            stack.callback(loop.wait)
            stack.callback(loop.kill)
        yield


def table(runs: Mapping[int, Run]) -> str:
    """Return a table of the seconds by stage, with their ratios to the job alone.

    Args:
        runs: Runs by number of neighbors, including 0.
    """
    stages = list(runs[0].stages)
    head = ["busy loops", "s", "ratio to alone", *(f"{stage} s" for stage in stages)]
    rows = [
        [
            f"{count}",
            f"{run.seconds:,.1f}",
            f"{_times(runs, count):.2f}",
            *(f"{run.stages[stage]:,.1f} ({_ratio(run.stages[stage], runs[0].stages[stage])})" for stage in stages),
        ]
        for count, run in runs.items()
    ]
    return markdown_table(head, rows)


def _times(runs: Mapping[int, Run], count: int) -> float:
    return runs[count].seconds / runs[0].seconds


def _ratio(seconds: float, alone: float) -> str:
    return f"x {seconds / alone:.2f}" if alone else ""


def _end_with_parent() -> None:
    _LIBC.prctl(SIGNAL_AT_PARENTS_END, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
