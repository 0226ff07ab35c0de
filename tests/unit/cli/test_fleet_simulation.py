"""Simulation of the fleet and of the partitions."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cli.fleet_plan.estimate import size_scenario
from cli.fleet_plan.fleet_levels import fleet_levels, minutes_lost
from cli.fleet_plan.fleet_runs import FleetRun, NoiseModel, run_fleet
from cli.fleet_plan.levels import Level, beyond, last_useful
from cli.fleet_plan.measured import Measured
from cli.fleet_plan.partition_runs import PartitionNoise, PartitionsRun, run_partitions
from cli.fleet_plan.scenario import FleetRequest, Scenario, make_scenario
from infra.settings.loader import ENVIRONMENTS, load_settings
from lambdas.plan_fleet.fleet import DEFAULT_ASSUMPTIONS, DEFAULT_RATE, InstanceSpec, Rate, Work, cost_usd, fleet_time
from tests.unit.cli.conftest import Onejob

SCENARIO = Scenario(
    work=Work(series=3_700_000, chunks=370, bytes=37 * 10**8),
    instance=InstanceSpec("ml.m5.xlarge", cores=4, hourly_price=0.25, volume_gb=50),
    rate=Rate(1_000, measured=True, source="the test"),
    assumptions=replace(DEFAULT_ASSUMPTIONS, slowdown_per_doubling=0),  # random effects only
    assumed=(),
)
NOISELESS = NoiseModel.noiseless(SCENARIO.assumptions)
# A job takes 100 seconds, of which 90 are billed.
NOISELESS_PARTITIONS = PartitionNoise(
    partitions=30,
    startup_seconds=40,
    startup_unbilled_seconds=10,
    startup_spread=0,
    work_seconds=60,
    work_spread=0,
    others_share=0,
    fault_share=0,
)


def fleet(instances: int, noise: NoiseModel, seed: int = 0) -> FleetRun:
    return run_fleet(SCENARIO, instances=instances, noise=noise, rng=np.random.default_rng(seed))


def partitions(max_concurrency: int, noise: PartitionNoise, seed: int = 0) -> PartitionsRun:
    return run_partitions(max_concurrency=max_concurrency, noise=noise, rng=np.random.default_rng(seed))


@pytest.mark.parametrize("instances", [1, 2, 3, 7, 50, 100, 370])
def test_without_noise_the_simulation_equals_the_estimate(instances: int) -> None:
    run = fleet(instances, NOISELESS)
    time = fleet_time(
        SCENARIO.work, SCENARIO.instance, SCENARIO.rate, instances=instances, assumptions=SCENARIO.assumptions
    )
    assert run.seconds == pytest.approx(time.seconds)
    assert run.jobs == 1
    # An instance with one chunk less loads less, but SageMaker bills it as long as the others.
    assert run.billed_seconds == pytest.approx(instances * time.billed_seconds)
    assert cost_usd(instances, SCENARIO.instance, time.billed_seconds) == pytest.approx(
        run.billed_seconds / 3600 * 0.25
    )


def test_without_noise_more_instances_never_take_longer() -> None:
    seconds = [fleet(instances, NOISELESS).seconds for instances in range(1, 101)]
    assert all(later <= sooner + 1e-6 for sooner, later in itertools.pairwise(seconds))


def test_each_chunk_is_forecast_once_after_losses() -> None:
    noise = replace(NOISELESS, losses_per_instance_hour=2)
    runs = [fleet(8, noise, seed) for seed in range(30)]
    assert max(run.jobs for run in runs) > 2
    undisturbed = fleet(8, NOISELESS)
    for run in runs:
        assert (run.forecast == 1).all()
        if run.jobs > 1:
            assert run.seconds > undisturbed.seconds
            assert run.startup_seconds == run.jobs * NOISELESS.startup_seconds


def test_chunks_finished_before_a_loss_are_kept() -> None:
    noise = replace(NOISELESS, losses_per_instance_hour=2)
    work_seconds = SCENARIO.work.series / SCENARIO.rate.series_per_second_per_core / SCENARIO.instance.cores
    for seed in range(30):
        run = fleet(1, noise, seed)
        alone = run.seconds - run.jobs * NOISELESS.startup_seconds - (run.jobs - 1) * NOISELESS.restart_seconds
        # Each loss costs at most the download and the chunks in progress.
        wasted = alone - run.jobs * SCENARIO.assumptions.gathering(SCENARIO.work) - work_seconds
        assert wasted <= run.jobs * (SCENARIO.work.bytes / 1e8 + 2 * 10)


def test_a_loss_during_gathering_restarts_a_single_instance() -> None:
    slow = replace(SCENARIO, assumptions=replace(SCENARIO.assumptions, gather_seconds=36_000))
    noise = replace(NOISELESS, losses_per_instance_hour=0.05)
    undisturbed = run_fleet(slow, instances=8, noise=NOISELESS, rng=np.random.default_rng(0))
    restarts = 0
    for seed in range(30):
        run = run_fleet(slow, instances=8, noise=noise, rng=np.random.default_rng(seed))
        assert (run.forecast == 1).all()
        assert run.billed_seconds <= undisturbed.billed_seconds + (run.jobs - 1) * undisturbed.seconds
        restarts += run.jobs - 1
    assert restarts > 10


@pytest.mark.parametrize(("million", "minutes"), [(50, 12), (50, 15), (500, 20)])
def test_nine_of_ten_runs_meet_their_deadline(million: int, minutes: int) -> None:
    job = load_settings("prod", ENVIRONMENTS).training_job
    fleet_request = FleetRequest(
        series=million * 10**6,
        periods=156,
        instance_type="ml.m5.4xlarge",
        hourly_price=None,
        volume_gb=None,
        environment="prod",
    )
    scenario = replace(
        make_scenario(fleet_request, job, Measured.read()), rate=DEFAULT_RATE
    )  # independent of the next measurement
    plan = size_scenario(scenario, deadline_seconds=60 * minutes, quota=None)
    assert plan.keeps_deadline
    (level,) = fleet_levels(scenario, noise=NoiseModel(), runs=200, seed=1, counts=[plan.instances])
    assert level.kept(60 * minutes) >= 0.9


def test_random_effects_cost_time() -> None:
    calm = fleet(20, NOISELESS).seconds
    for worse in ({"startup_spread": 0.3}, {"straggler_share": 1.0}, {"chunk_spread": 0.4}, {"download_spread": 0.4}):
        assert np.median([fleet(20, replace(NOISELESS, **worse), seed).seconds for seed in range(9)]) > calm


def test_the_same_seed_gives_the_same_run() -> None:
    assert (
        fleet(20, NoiseModel(), 3).seconds == fleet(20, NoiseModel(), 3).seconds != fleet(20, NoiseModel(), 4).seconds
    )


def test_a_lost_instance_costs_at_least_another_start() -> None:
    (level,) = fleet_levels(SCENARIO, noise=NOISELESS, runs=3, seed=1, counts=[8])
    assert level.restart_share == 0
    assert level.estimate == pytest.approx(level.median)
    lost = minutes_lost(SCENARIO, level, noise=NOISELESS, runs=60, seed=1)
    assert lost * 60 > NOISELESS.startup_seconds + NOISELESS.restart_seconds


def test_a_fleet_has_at_most_one_instance_per_chunk() -> None:
    few = replace(SCENARIO, work=Work(series=3_000, chunks=3, bytes=10**6))
    levels = fleet_levels(few, noise=NOISELESS, runs=1, seed=1)
    assert [level.count for level in levels] == [1, 2, 3]


def test_partitions_run_sequentially_or_concurrently() -> None:
    one = partitions(1, NOISELESS_PARTITIONS)
    assert one.seconds == pytest.approx(30 * 100)
    assert one.billed_seconds == pytest.approx(30 * 90)
    # The last call is made after 29 seconds.
    assert partitions(30, NOISELESS_PARTITIONS).seconds == pytest.approx(29 + 100)
    assert partitions(10, NOISELESS_PARTITIONS).seconds == pytest.approx(9 + 3 * 100)
    assert one.done == 30


def test_without_noise_more_concurrent_partitions_never_take_longer() -> None:
    seconds = [partitions(count, NOISELESS_PARTITIONS).seconds for count in range(1, 31)]
    assert all(later <= sooner + 1e-6 for sooner, later in itertools.pairwise(seconds))


def test_every_partition_ends_when_the_quota_refuses_calls() -> None:
    short = replace(NOISELESS_PARTITIONS, quota=5)
    for seed in range(5):
        run = partitions(30, short, seed)
        assert run.refused >= 25
        assert run.done + run.gave_up == 30
        assert run.seconds >= 6 * 100
    assert partitions(5, short).refused == 0


def test_a_partition_gives_up_after_all_retries_for_the_quota() -> None:
    run = partitions(2, replace(NOISELESS_PARTITIONS, quota=1, startup_seconds=200_000))
    assert (run.done, run.gave_up, run.refused) == (1, 29, 29 * 10)


def test_a_failed_job_is_retried_a_limited_number_of_times() -> None:
    some = partitions(10, replace(NOISELESS_PARTITIONS, fault_share=0.2))
    assert some.done == 30
    assert some.seconds > partitions(10, NOISELESS_PARTITIONS).seconds
    none = partitions(10, replace(NOISELESS_PARTITIONS, fault_share=1.0))
    assert (none.done, none.failed) == (0, 30)


def levels(*medians: float, price: float = 1.0) -> list[Level]:
    return [Level(2**place, np.array([minutes]), np.array([price * 2**place])) for place, minutes in enumerate(medians)]


def test_last_useful_is_the_last_level_that_saves_a_tenth() -> None:
    assert last_useful(levels(20, 10, 9.5, 9.2)) == 1
    assert last_useful(levels(20, 10, 9.5, 5)) == 3
    assert last_useful(levels(9, 10)) == 0
    assert (
        beyond(levels(20, 10, 9.5), "instances", "why")
        == "Beyond 2 instances, why: 4 save 0.5 minutes and cost 2.00 x."
    )
    assert (
        beyond(levels(20, 10, 11), "instances", "why")
        == "Beyond 2 instances, why: 4 take 1.0 minutes more and cost 2.00 x."
    )
    assert beyond(levels(20, 10, price=np.nan), "concurrent partitions", "why") == (
        "Up to 2 concurrent partitions, each step saves a tenth of the time or more."
    )


@pytest.fixture
def few_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.fleet_plan.simulation.FLEET_RUNS", 12)
    monkeypatch.setattr("cli.fleet_plan.simulation.PARTITION_RUNS", 1)


@pytest.mark.usefixtures("few_runs")
def test_the_command_prints_and_draws_the_simulation(tmp_path: Path, onejob: Onejob) -> None:
    printed = []
    for name, begins in (("fleet.svg", b"<?xml"), ("fleet.png", b"\x89PNG")):
        done = onejob("plan-fleet", "--series", "2000000", "--deadline", "9m", "--plot", str(tmp_path / name))
        assert done.exit_code == 0
        assert (tmp_path / name).read_bytes().startswith(begins)
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    for text in (
        "Simulated fleet",
        "a lost instance costs",
        "of the runs meet the deadline of 9 minutes.",
        "1,000 partitions",
        "Beyond",
    ):
        assert text in printed[0]


@pytest.mark.usefixtures("few_runs")
def test_without_a_price_the_simulation_prints_no_price(tmp_path: Path, onejob: Onejob) -> None:
    fleet = ("--series", "2000000", "--instance-type", "ml.c5.xlarge")
    printed = onejob("plan-fleet", *fleet, "--plot", str(tmp_path / "fleet.svg")).stdout
    fleet_part = printed.partition("Simulated fleet")[2].partition("Simulated partitions")[0]
    assert "$" not in fleet_part
    assert "nan" not in fleet_part


@pytest.mark.usefixtures("few_runs")
@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        ("fleet.xyz", 2, "fleet.xyz is invalid: the name must end with .svg or .png. See: onejob plan-fleet --help\n"),
        ("absent/fleet.svg", 1, "absent/fleet.svg: No such file or directory\n"),
    ],
)
def test_rejects_a_plot_file_that_cannot_be_written(onejob: Onejob, file: str, code: int, message: str) -> None:
    refused = onejob("plan-fleet", "--series", "20000", "--plot", file)
    assert refused.exit_code == code
    assert refused.stderr.endswith(message)
    assert refused.stderr.count("\n") == 1
