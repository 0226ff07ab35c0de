"""Measure the job beside busy neighbors: `python -m benchmarks.neighbors`.

The job runs alone, then beside programs that want a core each, all in one run: only so do the seconds compare.
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

SERIES, BESIDE = 100_000, (1, 2, 4)
MOST = {1: 1.6, 4: 3.5}  # times the seconds alone, by number of neighbors
LOOP = "while True: pass"
SIGNAL_AT_PARENTS_END = 1  # Linux: PR_SET_PDEATHSIG
_LIBC = ctypes.CDLL(None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 where the bars are kept.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbors", description=__doc__)
    parser.add_argument("--series", type=int, default=SERIES, metavar="N", help="%(default)s")
    parser.add_argument("--weeks", type=int, default=156, metavar="N", help="of history (%(default)s)")
    parser.add_argument("--beside", type=int, nargs="+", default=BESIDE, metavar="N", help="numbers of neighbors")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="for demand and outputs, on a disk")
    given = parser.parse_args(arguments)
    if not supported():
        sys.exit("nothing measured: it runs on Linux alone")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what runs beside ends with this process
    runs: dict[int, Run] = {}
    with workspace_in(given.folder) as workspace, workspace.demand(given.series, given.weeks) as demand:
        for count in (0, *given.beside):
            workspace.progress.say(f"run the job on {given.series:,} series, beside {count} busy loops")
            with workspace.scratch() as scratch, busy_loops(count):
                runs[count] = run_job(demand, scratch / "out", series=given.series)
            if failure := runs[count].failure:
                sys.exit(f"the job beside {count} busy loops: {failure}")
    others = runs[0].other_cpu_seconds / runs[0].seconds
    print(f"{given.series:,} series; alone, other programs took {others:.2f} cores\n\n{table(runs)}")
    over = [count for count, most in MOST.items() if count in runs and _times(runs, count) > most]
    for count in over:
        print(f"missed: {_times(runs, count):.2f} times as long beside {count}, at most {MOST[count]:g}")
    return 1 if over else 0


@contextmanager
def busy_loops(count: int) -> Iterator[None]:
    """Keep cores busy meanwhile.

    Args:
        count: Number of programs that want a core each. They end with this process, even if it is killed.
    """
    with ExitStack() as stack:
        for _ in range(count):
            # What runs in the new process is one call of the system; no other thread of this one is needed.
            loop = subprocess.Popen([sys.executable, "-c", LOOP], preexec_fn=_end_with_parent)  # noqa: S603
            stack.callback(loop.wait)
            stack.callback(loop.kill)
        yield


def table(runs: Mapping[int, Run]) -> str:
    """Write seconds and their multiples of those alone, by stage.

    Args:
        runs: By number of neighbors; 0 is among them.
    """
    stages = list(runs[0].stages)
    head = ["busy loops", "s", "times alone", *(f"{stage} s" for stage in stages)]
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
