"""`python -m drills`: draw fault sequences, perform them, and print the number of drills that passed."""

import argparse
import multiprocessing
import os
import queue
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from cli.rehearsal.application import synthesize
from drills.perform import Outcome, perform_all
from drills.sequence import Drill

ENVIRONMENT = "dev"
CATEGORIES = {
    "step": "runs interrupted in a state or stage, then redriven",
    "race": "races of two executions",
    "sequence": "fault sequences",
}


def main() -> int:
    """Run the command line and return 0 if no invariant is violated."""
    parser = argparse.ArgumentParser(prog="python -m drills", description=__doc__)
    parser.add_argument("--sequences", type=int, default=200, help="number of fault sequences; default: 200")
    parser.add_argument("--races", type=int, default=0, help="races of two executions without faults; default: 0")
    parser.add_argument("--steps", action="store_true", help="also interrupt a run in every state and every stage")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first sequence; default: 1")
    parser.add_argument(
        "--clouds", type=int, default=min(2, os.cpu_count() or 1), help="number of concurrent local clouds; default: 2"
    )
    options = parser.parse_args()
    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # also ends the processes of the clouds
    with tempfile.TemporaryDirectory(prefix="drills-") as folder:
        assembly = Path(folder) / "assembly"
        synthesize(assembly, ENVIRONMENT)
        drills = [
            *(Drill.at_every_step() if options.steps else ()),
            *(Drill.race(options.seed + number) for number in range(options.races)),
            *(Drill.drawn(options.seed + number) for number in range(options.sequences)),
        ]
        outcomes: list[Outcome] = []
        context = multiprocessing.get_context("spawn")
        results: multiprocessing.Queue[Outcome] = context.Queue()
        processes = [
            context.Process(
                target=perform_all,
                args=(drills[cloud :: options.clouds], assembly, Path(folder) / str(cloud), results),
                daemon=True,
            )
            for cloud in range(options.clouds)
        ]
        for process in processes:
            process.start()
        while len(outcomes) < len(drills) and (any(each.is_alive() for each in processes) or not results.empty()):
            with suppress(queue.Empty):
                outcomes.append(results.get(timeout=1))
                _print_outcome(outcomes[-1], len(outcomes), len(drills))
        for process in processes:
            process.join()
    return _summarize(outcomes, drills, time.monotonic() - started)


def _print_outcome(outcome: Outcome, number: int, count: int) -> None:
    verdict = "FAILED" if outcome.violations else "passed"
    print(
        f"{number}/{count} seed {outcome.drill.seed} {verdict} in {outcome.seconds:.0f} s: {outcome.drill.description}"
    )
    print(f"    executions: {', '.join(outcome.ends)}; {outcome.redrives} redrives")
    for each in outcome.violations:
        print(f"    VIOLATION: {each}")
    sys.stdout.flush()


def _summarize(outcomes: list[Outcome], drills: list[Drill], seconds: float) -> int:
    ends = Counter(end for outcome in outcomes for end in outcome.ends)
    raced = [outcome for outcome in outcomes if outcome.drill.category == "race"]
    count = sum(len(outcome.violations) for outcome in outcomes)
    print(f"\n{len(outcomes)} drills in {seconds / 60:.0f} minutes, {count} violations of invariants.")
    for category, name in CATEGORIES.items():
        some = [outcome for outcome in outcomes if outcome.drill.category == category]
        wanted = sum(drill.category == category for drill in drills)
        print(f"{name}: {len(some)} of {wanted} performed, {sum(not outcome.violations for outcome in some)} passed")
    print(f"published exactly once: {sum(outcome.published == 1 for outcome in raced)} of {len(raced)} races")
    print(f"{sum(outcome.redrives for outcome in outcomes)} redrives")
    print(f"{sum(ends.values())} executions: " + ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    once = all(outcome.published == 1 for outcome in raced)
    return 0 if once and not count and len(outcomes) == len(drills) else 1


if __name__ == "__main__":
    sys.exit(main())
