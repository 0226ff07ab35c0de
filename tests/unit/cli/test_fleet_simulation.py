"""The fleet and the partitions by chance."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cli.fleet_plan.case import Case, Question, case_of
from cli.fleet_plan.fleet_levels import fleet_levels, minutes_lost
from cli.fleet_plan.fleet_runs import FleetRun, NoiseModel, run_fleet
from cli.fleet_plan.levels import Level, beyond, last_useful
from cli.fleet_plan.measured import Measured
from cli.fleet_plan.on_paper import planned
from cli.fleet_plan.partition_runs import PartitionChances, PartitionsRun, run_partitions
from infra.settings.loader import ENVIRONMENTS, load_settings
from lambdas.plan_fleet.fleet import BELIEVED, BELIEVED_RATE, Machine, Rate, Work, cost_usd, fleet_time
from tests.unit.cli.conftest import Onejob

CASE = Case(
    work=Work(series=3_700_000, chunks=370, bytes=37 * 10**8),
    machine=Machine("ml.m5.xlarge", cores=4, hourly_price=0.25, volume_gb=50),
    rate=Rate(1_000, measured=True, source="the test"),
    assumptions=replace(BELIEVED, slower_a_doubling=0),  # by chance alone
    assumed=(),
)
NO_CHANCE = NoiseModel.none(CASE.assumptions)
# A job takes 100 seconds, of which 90 are paid for.
SURE = PartitionChances(
    partitions=30,
    startup_seconds=40,
    startup_unbilled_seconds=10,
    startup_spread=0,
    work_seconds=60,
    work_spread=0,
    others_share=0,
    fault_share=0,
)


def fleet(instances: int, chances: NoiseModel, seed: int = 0) -> FleetRun:
    return run_fleet(CASE, instances=instances, chances=chances, random=np.random.default_rng(seed))


def partitions(max_concurrency: int, chances: PartitionChances, seed: int = 0) -> PartitionsRun:
    return run_partitions(max_concurrency=max_concurrency, chances=chances, random=np.random.default_rng(seed))


@pytest.mark.parametrize("instances", [1, 2, 3, 7, 50, 100, 370])
def test_without_chance_it_is_what_the_sizing_says(instances: int) -> None:
    run = fleet(instances, NO_CHANCE)
    time = fleet_time(CASE.work, CASE.machine, CASE.rate, instances=instances, assumptions=CASE.assumptions)
    assert run.seconds == pytest.approx(time.seconds)
    assert run.jobs == 1
    # An instance with an chunk less loads less, and is paid for as long as the others.
    assert run.billed_seconds == pytest.approx(instances * time.billed_seconds)
    assert cost_usd(instances, CASE.machine, time.billed_seconds) == pytest.approx(run.billed_seconds / 3600 * 0.25)


def test_without_chance_more_instances_never_take_longer() -> None:
    seconds = [fleet(instances, NO_CHANCE).seconds for instances in range(1, 101)]
    assert all(later <= sooner + 1e-6 for sooner, later in itertools.pairwise(seconds))


def test_all_objects_are_forecast_once_whoever_is_lost() -> None:
    chances = replace(NO_CHANCE, losses_per_instance_hour=2)
    runs = [fleet(8, chances, seed) for seed in range(30)]
    assert max(run.jobs for run in runs) > 2
    undisturbed = fleet(8, NO_CHANCE)
    for run in runs:
        assert (run.forecast == 1).all()
        if run.jobs > 1:
            assert run.seconds > undisturbed.seconds
            assert run.startup_seconds == run.jobs * NO_CHANCE.startup_seconds


def test_what_was_finished_before_a_loss_is_not_done_again() -> None:
    chances = replace(NO_CHANCE, losses_per_instance_hour=2)
    work_seconds = CASE.work.series / CASE.rate.series_per_second_per_core / CASE.machine.cores
    for seed in range(30):
        run = fleet(1, chances, seed)
        alone = run.seconds - run.jobs * NO_CHANCE.startup_seconds - (run.jobs - 1) * NO_CHANCE.restart_seconds
        # Each loss costs what was loaded, and what the cores had in hand, and no more.
        wasted = alone - run.jobs * CASE.assumptions.gathering(CASE.work) - work_seconds
        assert wasted <= run.jobs * (CASE.work.bytes / 1e8 + 2 * 10)


def test_who_is_lost_while_all_is_gathered_leaves_work_for_one() -> None:
    slow = replace(CASE, assumptions=replace(CASE.assumptions, gather_seconds=36_000))
    chances = replace(NO_CHANCE, losses_per_instance_hour=0.05)
    undisturbed = run_fleet(slow, instances=8, chances=NO_CHANCE, random=np.random.default_rng(0))
    again = 0
    for seed in range(30):
        run = run_fleet(slow, instances=8, chances=chances, random=np.random.default_rng(seed))
        assert (run.forecast == 1).all()
        assert run.billed_seconds <= undisturbed.billed_seconds + (run.jobs - 1) * undisturbed.seconds
        again += run.jobs - 1
    assert again > 10


@pytest.mark.parametrize(("million", "minutes"), [(50, 12), (50, 15), (500, 20)])
def test_nine_runs_in_ten_keep_the_deadline_they_were_planned_for(million: int, minutes: int) -> None:
    job = load_settings("prod", ENVIRONMENTS).training_job
    asked = Question(
        series=million * 10**6,
        periods=156,
        instance_type="ml.m5.4xlarge",
        hourly_price=None,
        volume_gb=None,
        environment="prod",
    )
    case = replace(case_of(asked, job, Measured.read()), rate=BELIEVED_RATE)  # whatever is measured next
    plan = planned(case, deadline_seconds=60 * minutes, quota=None)
    assert plan.keeps_deadline
    (level,) = fleet_levels(case, chances=NoiseModel(), runs=200, seed=1, counts=[plan.instances])
    assert level.kept(60 * minutes) >= 0.9


def test_the_slowest_start_a_straggler_and_uneven_objects_cost_time() -> None:
    calm = fleet(20, NO_CHANCE).seconds
    for worse in ({"startup_spread": 0.3}, {"straggler_share": 1.0}, {"chunk_spread": 0.4}, {"download_spread": 0.4}):
        assert np.median([fleet(20, replace(NO_CHANCE, **worse), seed).seconds for seed in range(9)]) > calm


def test_the_same_seed_gives_the_same_run() -> None:
    assert (
        fleet(20, NoiseModel(), 3).seconds == fleet(20, NoiseModel(), 3).seconds != fleet(20, NoiseModel(), 4).seconds
    )


def test_a_lost_instance_costs_at_least_another_start() -> None:
    (level,) = fleet_levels(CASE, chances=NO_CHANCE, runs=3, seed=1, counts=[8])
    assert level.again == 0
    assert level.on_paper == pytest.approx(level.median)
    lost = minutes_lost(CASE, level, chances=NO_CHANCE, runs=60, seed=1)
    assert lost * 60 > NO_CHANCE.startup_seconds + NO_CHANCE.restart_seconds


def test_no_more_instances_than_objects_are_tried() -> None:
    few = replace(CASE, work=Work(series=3_000, chunks=3, bytes=10**6))
    levels = fleet_levels(few, chances=NO_CHANCE, runs=1, seed=1)
    assert [level.count for level in levels] == [1, 2, 3]


def test_partitions_one_after_the_other_and_all_at_once() -> None:
    one = partitions(1, SURE)
    assert one.seconds == pytest.approx(30 * 100)
    assert one.billed_seconds == pytest.approx(30 * 90)
    # The last is called for after 29 seconds.
    assert partitions(30, SURE).seconds == pytest.approx(29 + 100)
    assert partitions(10, SURE).seconds == pytest.approx(9 + 3 * 100)
    assert one.done == 30


def test_without_chance_more_at_a_time_never_take_longer() -> None:
    seconds = [partitions(count, SURE).seconds for count in range(1, 31)]
    assert all(later <= sooner + 1e-6 for sooner, later in itertools.pairwise(seconds))


def test_a_quota_refuses_and_nobody_is_forgotten() -> None:
    short = replace(SURE, quota=5)
    for seed in range(5):
        run = partitions(30, short, seed)
        assert run.refused >= 25
        assert run.done + run.gave_up == 30
        assert run.seconds >= 6 * 100
    assert partitions(5, short).refused == 0


def test_who_waits_in_vain_gives_up() -> None:
    run = partitions(2, replace(SURE, quota=1, startup_seconds=200_000))
    assert (run.done, run.gave_up, run.refused) == (1, 29, 29 * 10)


def test_a_failed_job_is_started_anew_and_not_for_ever() -> None:
    some = partitions(10, replace(SURE, fault_share=0.2))
    assert some.done == 30
    assert some.seconds > partitions(10, SURE).seconds
    none = partitions(10, replace(SURE, fault_share=1.0))
    assert (none.done, none.failed) == (0, 30)


def levels(*medians: float, price: float = 1.0) -> list[Level]:
    return [Level(2**place, np.array([minutes]), np.array([price * 2**place])) for place, minutes in enumerate(medians)]


def test_it_stops_where_nothing_further_saves_a_tenth() -> None:
    assert last_useful(levels(20, 10, 9.5, 9.2)) == 1
    assert last_useful(levels(20, 10, 9.5, 5)) == 3
    assert last_useful(levels(9, 10)) == 0
    assert (
        beyond(levels(20, 10, 9.5), "instances", "why") == "Beyond 2 instances why: 4 save 0.5 minutes and cost 2.00 x."
    )
    assert (
        beyond(levels(20, 10, 11), "instances", "why")
        == "Beyond 2 instances why: 4 take 1.0 minutes more and cost 2.00 x."
    )
    assert beyond(levels(20, 10, price=np.nan), "at a time", "why") == (
        "Up to 2 at a time each step saves a tenth of the time or more."
    )


@pytest.fixture
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.fleet_plan.simulation.FLEET_RUNS", 12)
    monkeypatch.setattr("cli.fleet_plan.simulation.PARTITION_RUNS", 1)


@pytest.mark.usefixtures("few_runs")
def test_the_command_tells_and_draws(tmp_path: Path, onejob: Onejob) -> None:
    printed = []
    for name, begins in (("fleet.svg", b"<?xml"), ("fleet.png", b"\x89PNG")):
        done = onejob("plan-fleet", "--series", "2000000", "--deadline", "9m", "--plot", str(tmp_path / name))
        assert done.exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    for told in (
        "The fleet by chance",
        "a lost instance costs",
        "They keep 9 minutes in",
        "1,000 partitions",
        "Beyond",
    ):
        assert told in printed[0]


@pytest.mark.usefixtures("few_runs")
def test_without_prices_there_are_none(tmp_path: Path, onejob: Onejob) -> None:
    fleet = ("--series", "2000000", "--instance-type", "ml.c5.xlarge")
    printed = onejob("plan-fleet", *fleet, "--plot", str(tmp_path / "fleet.svg")).stdout
    fleet_part = printed.partition("The fleet by chance")[2].partition("A training job")[0]
    assert "$" not in fleet_part
    assert "nan" not in fleet_part


@pytest.mark.usefixtures("few_runs")
@pytest.mark.parametrize(
    ("file", "code", "said"),
    [
        ("fleet.xyz", 2, "fleet.xyz: the name must end with .svg or .png. See: onejob plan-fleet --help\n"),
        ("absent/fleet.svg", 1, "absent/fleet.svg cannot be written: No such file or directory\n"),
    ],
)
def test_a_picture_that_cannot_be_drawn_is_refused(onejob: Onejob, file: str, code: int, said: str) -> None:
    refused = onejob("plan-fleet", "--series", "20000", "--plot", file)
    assert refused.exit_code == code
    assert refused.stderr.endswith(said)
    assert refused.stderr.count("\n") == 1
