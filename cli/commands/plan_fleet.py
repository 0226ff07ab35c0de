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
        raise BadParameter(f"{text} is invalid: write a whole number and s, m or h, for example 15m.")
    return int(found[1]) * SECONDS[found[2]]


def _picture(text: str) -> Path:
    if not text.endswith((".svg", ".png")):
        raise BadParameter(f"{text} is invalid: the name must end with .svg or .png.")
    return Path(text)


@dataclass(frozen=True, kw_only=True)
class PlanFleetOptions:
    """The options of `onejob plan-fleet`."""

    series: Annotated[int, Option(min=1, metavar="N", help="Number of series.")] = 50_000_000
    periods: Annotated[int, Option(min=1, metavar="N", help="Periods of history of each series.")] = 156
    deadline: Annotated[
        int | None,
        Option(parser=_duration, metavar="TIME", help="Longest time that the fleet may take, for example 15m."),
    ] = None
    instance_type: Annotated[str, Option(metavar="TYPE", help="Type of the instances.")] = "ml.m5.4xlarge"
    instances: Annotated[
        int | None, Option(min=1, metavar="N", help="Number of instances. Default: the fewest that meet the deadline.")
    ] = None
    quota: Annotated[int | None, Option(min=1, metavar="N", help="Most instances that the account may run.")] = None
    price: Annotated[
        float | None, Option(metavar="USD", help="Price per instance and hour. Default: the environment's price.")
    ] = None
    volume_gb: Annotated[
        float | None, Option(metavar="GB", help="Disk of an instance. Default: the environment's disk.")
    ] = None
    environment: Environment = "prod"
    simulate: Annotated[
        bool, Option("--simulate", help="Also simulate random runs of the fleet and of a thousand partitions.")
    ] = False
    seed: Annotated[int, Option(metavar="N", help="Seed of the simulation.")] = 1
    plot: Annotated[
        Path | None,
        Option(parser=_picture, metavar="FILE", help="Simulate, and draw the results into a .svg or .png file."),
    ] = None


@takes(PlanFleetOptions)
def plan_fleet(options: PlanFleetOptions) -> None:
    """Estimate the instances, time and cost of a fleet and of the training job before it.

    Prints every assumption and its source. Calls no AWS service.
    """
    from cli.environment import read_settings
    from cli.fleet_plan.estimate import format_estimate, size_scenario
    from cli.fleet_plan.measured import Measured
    from cli.fleet_plan.scenario import FleetRequest, make_scenario
    from cli.fleet_plan.simulation import simulate
    from cli.fleet_plan.training import training_plan

    request = FleetRequest(
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
        scenario = make_scenario(request, job, measured)
        training = training_plan(request, scenario.work, job, assumptions=scenario.assumptions, measured=measured)
    except ValueError as error:
        raise CommandError(str(error)) from error
    plan = size_scenario(scenario, deadline_seconds=options.deadline, quota=options.quota, instances=options.instances)
    OUTPUT.print(format_estimate(scenario, plan, training, deadline_seconds=options.deadline))
    if options.simulate or options.plot:
        try:
            with progress("simulating"):
                simulated = simulate(
                    scenario,
                    plan,
                    job,
                    deadline_seconds=options.deadline,
                    quota=options.quota,
                    seed=options.seed,
                    picture=options.plot,
                )
        except OSError as error:
            raise CommandError(f"--plot: cannot write {options.plot}: {error.strerror}") from error
        OUTPUT.print(f"\n{simulated}")
