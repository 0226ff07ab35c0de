"""`python -m drills`: draws fault sequences, performs them, and prints how many were run and survived."""

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

from cli.rehearsal.application import synthesise
from drills.perform import Outcome, perform_all
from drills.sequence import Drill

ENVIRONMENT = "dev"
KINDS = {
    "step": "runs ended in a state or stage, and redriven",
    "race": "races of two executions",
    "sequence": "fault sequences",
}


def main() -> int:
    """The command line; returns 0 where nothing was broken."""
    parser = argparse.ArgumentParser(prog="python -m drills", description=__doc__)
    parser.add_argument("--sequences", type=int, default=200, help="default: 200")
    parser.add_argument("--races", type=int, default=0, help="of two executions without faults, besides; default: 0")
    parser.add_argument("--steps", action="store_true", help="end a run in every state and every stage, besides")
    parser.add_argument("--seed", type=int, default=1, help="of the first sequence; default: 1")
    parser.add_argument("--clouds", type=int, default=min(2, os.cpu_count() or 1), help="at a time; default: 2")
    given = parser.parse_args()
    begun = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and the clouds' processes with it
    with tempfile.TemporaryDirectory(prefix="drills-") as folder:
        assembly = Path(folder) / "assembly"
        synthesise(assembly, ENVIRONMENT)
        drills = [
            *(Drill.at_every_step() if given.steps else ()),
            *(Drill.race(given.seed + number) for number in range(given.races)),
            *(Drill.drawn(given.seed + number) for number in range(given.sequences)),
        ]
        outcomes: list[Outcome] = []
        context = multiprocessing.get_context("spawn")
        results: multiprocessing.Queue[Outcome] = context.Queue()
        processes = [
            context.Process(
                target=perform_all,
                args=(drills[cloud :: given.clouds], assembly, Path(folder) / str(cloud), results),
                daemon=True,
            )
            for cloud in range(given.clouds)
        ]
        for process in processes:
            process.start()
        while len(outcomes) < len(drills) and (any(each.is_alive() for each in processes) or not results.empty()):
            with suppress(queue.Empty):
                outcomes.append(results.get(timeout=1))
                _say(outcomes[-1], len(outcomes), len(drills))
        for process in processes:
            process.join()
    return _summarise(outcomes, drills, time.monotonic() - begun)


def _say(outcome: Outcome, number: int, count: int) -> None:
    verdict = "BROKEN" if outcome.broken else "survived"
    print(f"{number}/{count} seed {outcome.drill.seed} {verdict} in {outcome.seconds:.0f} s: {outcome.drill.words}")
    print(f"    ended as {', '.join(outcome.ends)}, {outcome.redrives} redrives")
    for each in outcome.broken:
        print(f"    BROKEN: {each}")
    sys.stdout.flush()


def _summarise(outcomes: list[Outcome], drills: list[Drill], seconds: float) -> int:
    ends = Counter(end for outcome in outcomes for end in outcome.ends)
    raced = [outcome for outcome in outcomes if outcome.drill.kind == "race"]
    broken = sum(len(outcome.broken) for outcome in outcomes)
    print(f"\n{len(outcomes)} drills in {seconds / 60:.0f} minutes, {broken} invariants broken.")
    for kind, words in KINDS.items():
        some = [outcome for outcome in outcomes if outcome.drill.kind == kind]
        wanted = sum(drill.kind == kind for drill in drills)
        print(f"{words}: {len(some)} of {wanted} run, {sum(not outcome.broken for outcome in some)} survived")
    print(f"published exactly once: {sum(outcome.published == 1 for outcome in raced)} of {len(raced)} races")
    print(f"{sum(outcome.redrives for outcome in outcomes)} redrives")
    print(f"{sum(ends.values())} executions: " + ", ".join(f"{count} {end}" for end, count in ends.most_common()))
    once = all(outcome.published == 1 for outcome in raced)
    return 0 if once and not broken and len(outcomes) == len(drills) else 1


if __name__ == "__main__":
    sys.exit(main())
