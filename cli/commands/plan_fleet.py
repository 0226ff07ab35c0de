"""`onejob plan-fleet`."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import BadParameter, Option

from cli.console import OUTPUT, progress
from cli.errors import CommandError
from cli.options import Environment, takes

SECONDS = {"s": 1, "m": 60, "h": 3600}


def _duration(text: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]*)([smh])", text)
    if found is None:
        raise BadParameter(f"{text}: write a whole number and s, m or h, 15m for example.")
    return int(found[1]) * SECONDS[found[2]]


def _picture(text: str) -> Path:
    if not text.endswith((".svg", ".png")):
        raise BadParameter(f"{text}: the name must end with .svg or .png.")
    return Path(text)


@dataclass(frozen=True, kw_only=True)
class PlanFleetOptions:
    """What `onejob plan-fleet` takes."""

    series: Annotated[int, Option(min=1, metavar="N", help="Number of series.")] = 50_000_000
    periods: Annotated[int, Option(min=1, metavar="N", help="Periods of history of each series.")] = 156
    deadline: Annotated[
        int | None,
        Option(parser=_duration, metavar="TIME", help="Longest time that the fleet may take, 15m for example."),
    ] = None
    instance_type: Annotated[str, Option(metavar="TYPE", help="Type of the instances.")] = "ml.m5.4xlarge"
    instances: Annotated[
        int | None, Option(min=1, metavar="N", help="Number of instances. Default: the fewest that keep the deadline.")
    ] = None
    quota: Annotated[int | None, Option(min=1, metavar="N", help="Most instances that the account may run.")] = None
    price: Annotated[
        float | None, Option(metavar="USD", help="Price of an instance per hour. Default: the environment's.")
    ] = None
    volume_gb: Annotated[
        float | None, Option(metavar="GB", help="Disk of an instance. Default: the environment's.")
    ] = None
    environment: Environment = "prod"
    simulate: Annotated[
        bool, Option("--simulate", help="Also draw runs at random: of the fleet, and of a thousand partitions.")
    ] = False
    seed: Annotated[int, Option(metavar="N", help="Seed of the random runs.")] = 1
    plot: Annotated[
        Path | None,
        Option(parser=_picture, metavar="FILE", help="Simulate, and draw a picture: a .svg or .png file."),
    ] = None


@takes(PlanFleetOptions)
def plan_fleet(options: PlanFleetOptions) -> None:
    """Estimate the instances, time and cost of a fleet, and of the training job before it.

    Prints every assumption and where it comes from. Calls no AWS service.
    """
    from cli.environment import read_settings
    from cli.fleet_plan.case import Question, case_of
    from cli.fleet_plan.measured import Measured
    from cli.fleet_plan.on_paper import answer, planned
    from cli.fleet_plan.simulation import simulate
    from cli.fleet_plan.training import training_plan

    question = Question(
        series=options.series,
        periods=options.periods,
        instance_type=options.instance_type,
        hourly_price=options.price,
        volume_gb=options.volume_gb,
        environment=options.environment,
        instances=options.instances,
    )
    job, measured = read_settings(options.environment).training_job, Measured.read()
    try:
        case = case_of(question, job, measured)
        training = training_plan(question, case.work, job, assumptions=case.assumptions, measured=measured)
    except ValueError as error:
        raise CommandError(str(error)) from error
    plan = planned(case, deadline_seconds=options.deadline, quota=options.quota, instances=options.instances)
    OUTPUT.print(answer(case, plan, training, deadline_seconds=options.deadline))
    if options.simulate or options.plot:
        try:
            with progress("simulating"):
                simulated = simulate(
                    case,
                    plan,
                    job,
                    deadline_seconds=options.deadline,
                    quota=options.quota,
                    seed=options.seed,
                    picture=options.plot,
                )
        except OSError as error:
            raise CommandError(f"--plot: {options.plot} cannot be written: {error.strerror}") from error
        OUTPUT.print(f"\n{simulated}")
