"""The command line: `python -m benchmarks.golden`, before and after a change."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.golden import checksums, processes
from benchmarks.golden.cases import Case, all_cases


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every case and compare its checksums.

    Returns:
        The exit code: 0 if all forecasts are identical or the checksums are stored, 1 if a forecast differs.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks.golden", description=__doc__)
    parser.add_argument("--store", action="store_true", help="replace the stored checksums by those of this run")
    parser.add_argument("--case", action="append", metavar="NAME", help="run only this case; may be repeated")
    options = parser.parse_args(arguments)
    cases = [case for case in all_cases() if not options.case or case.name in options.case]
    if not cases:
        parser.error(f"--case: the cases are {', '.join(case.name for case in all_cases())}")
    if hasattr(os, "sched_setaffinity"):
        # Forecasts do not depend on the number of cores, and other processes hardly slow down a single thread.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    found: checksums.Checksums = {}
    with processes.running_cloud() as cloud:
        for case in cases:
            for run, columns in _run(case, cloud):
                print(f"{run}: {columns['rows']} rows", flush=True)
                found[run] = columns
    stored = checksums.load()
    if options.store:
        checksums.store({**stored, **found} if options.case else found)
        print("stored")
        return 0
    ran = tuple(f"{case.name}: " for case in cases)
    different = [
        f"{case.name}: the fleet's forecasts differ from the training job's"
        for case in cases
        if found[f"{case.name}: fleet of two"] != found[f"{case.name}: train"]
    ]
    different += checksums.differences({run: stored[run] for run in stored if run.startswith(ran)}, found)
    print("\n".join(different) or "identical")
    return 1 if different else 0


def _run(case: Case, cloud: processes.Cloud) -> Iterator[tuple[str, dict[str, str]]]:
    """Train, infer with newer demand, and run a fleet; yield the checksums of each."""
    with tempfile.TemporaryDirectory(prefix="golden-") as scratch:
        folder = Path(scratch)
        inputs = case.write(folder / "known", newest=False)
        newer = case.write(folder / "newest", newest=True)
        trained = checksums.of_forecasts(processes.train(inputs, case.settings, folder / "trained"))
        yield f"{case.name}: train", trained
        forecasts = processes.infer(newer, folder / "trained", folder / "inferred")
        yield f"{case.name}: infer", checksums.of_forecasts(forecasts)
        forecasts = processes.fleet(inputs, case.settings, folder / "fleet", cloud)
        yield f"{case.name}: fleet of two", checksums.of_forecasts(forecasts)


if __name__ == "__main__":
    sys.exit(main())
