"""Plans a fleet on paper, and the training job before it.

`python -m cli.commands.plan_fleet --series 50000000 --deadline 15m --simulate`
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.fleet_plan.case import Question, case_of
from cli.fleet_plan.on_paper import answer, planned
from cli.fleet_plan.simulation import simulate
from cli.fleet_plan.training import training_plan
from infra.settings.loader import ENVIRONMENTS, SettingsError, load_settings

SECONDS = {"s": 1, "m": 60, "h": 3600}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    given = _parser().parse_args(arguments)
    question = Question(
        series=given.series,
        periods=given.periods,
        instance_type=given.instance_type,
        hourly_price=given.price,
        volume_gb=given.volume_gb,
        environment=given.environment,
        instances=given.instances,
    )
    try:
        job = load_settings(given.environment, ENVIRONMENTS).training_job
        case = case_of(question, job)
        training = training_plan(question, case.work, job, case.assumptions)
    except (SettingsError, ValueError) as error:
        sys.exit(str(error))
    plan = planned(case, deadline_seconds=given.deadline, quota=given.quota, instances=given.instances)
    print(answer(case, plan, training, deadline_seconds=given.deadline))
    if given.simulate or given.plot:
        print()
        print(
            simulate(
                case, plan, job, deadline_seconds=given.deadline, quota=given.quota, seed=given.seed, picture=given.plot
            )
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli.commands.plan_fleet", description="Plans a fleet on paper.")
    parser.add_argument("--series", type=_count, default=50_000_000, help="number of series")
    parser.add_argument("--periods", type=_count, default=156, help="length of each one's history")
    parser.add_argument(
        "--deadline", type=_duration, help="of the fleet, from its start to its end, e.g. 15m; any if absent"
    )
    parser.add_argument("--instance-type", default="ml.m5.4xlarge")
    parser.add_argument("--instances", type=_count, help="a fixed number; the fewest that keep the deadline if absent")
    parser.add_argument("--quota", type=_count, help="the most instances the account may run")
    parser.add_argument("--price", type=float, help="US dollars an hour, instead of the environment's")
    parser.add_argument("--volume-gb", type=float, help="disk of an instance, instead of the environment's")
    parser.add_argument("--environment", default="prod", help="whose prices, disks and training job count")
    parser.add_argument("--simulate", action="store_true", help="run it by chance, and a thousand partitions, too")
    parser.add_argument("--seed", type=int, default=1, help="of chance")
    parser.add_argument("--plot", type=Path, help="simulate, and draw it into this file: .svg or .png")
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text}: 1 or more")
    return count


def _duration(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]*)([smh])", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text}: a whole number and s, m or h, e.g. 15m")
    return int(found[1]) * SECONDS[found[2]]


if __name__ == "__main__":
    main()
