"""The estimate of a fleet."""

import re

import pytest

from benchmarks.speed.results import load
from cli.fleet_plan.assumption import format_table
from cli.fleet_plan.estimate import size_scenario
from cli.fleet_plan.measured import RESULTS, Measured
from cli.fleet_plan.scenario import VCPU_SHARE, FleetRequest, chunks_of, make_scenario, rate_of
from infra.settings.training_job import TrainingJobSettings
from lambdas.plan_fleet.fleet import DEFAULT_RATE
from tests.unit.cli.conftest import Onejob

MEASURED = Measured.read()
JOB = TrainingJobSettings(
    instance_types=("ml.m5.large",), volume_gb=50, max_runtime_minutes=60, hourly_prices={"ml.m5.large": 0.125}
)


def request(instance_type: str, *, hourly_price: float | None = None, volume_gb: float | None = None) -> FleetRequest:
    return FleetRequest(
        series=10_000_000,
        periods=100,
        instance_type=instance_type,
        hourly_price=hourly_price,
        volume_gb=volume_gb,
        environment="test",
    )


def test_work_and_throughput_follow_from_the_job_and_the_measurement() -> None:
    scenario = make_scenario(request("ml.m5.4xlarge"), JOB, MEASURED)
    # 286 shards, each split into two chunks.
    assert (scenario.work.chunks, scenario.work.bytes) == (572, 46 * 10**8)
    assert (scenario.instance.cores, scenario.instance.volume_gb) == (16, 50)
    run = load(RESULTS).scaling[5_000_000].run
    # The benchmark used two cores.
    assert scenario.rate.series_per_second_per_core == pytest.approx(5_000_000 / run.stages["predict"] / 2 * VCPU_SHARE)


@pytest.mark.parametrize(
    ("values", "instances", "chunks"), [(10**9, None, 572), (10**9, 100, 1716), (10**6, None, 16), (10**6, 3, 49)]
)
def test_each_of_a_fixed_number_of_instances_gets_many_chunks(values: int, instances: int | None, chunks: int) -> None:
    assert chunks_of(values, instances=instances) == chunks


def test_the_default_throughput_promises_no_more_than_the_measurement() -> None:
    rate, _ = rate_of(MEASURED)
    measured = rate.series_per_second_per_core
    assert measured / 2 <= DEFAULT_RATE.series_per_second_per_core <= measured


@pytest.mark.parametrize(
    ("fleet_request", "price"),
    [
        (request("ml.m5.large"), 0.125),
        (request("ml.m5.4xlarge"), 1.0),
        (request("ml.m5.4xlarge", hourly_price=0.9), 0.9),
        (request("ml.c5.xlarge"), None),
    ],
)
def test_a_price_is_given_scaled_from_another_size_or_unknown(fleet_request: FleetRequest, price: float | None) -> None:
    scenario = make_scenario(fleet_request, JOB, MEASURED)
    assert scenario.instance.hourly_price == price
    assert (size_scenario(scenario, deadline_seconds=None, quota=None).cost_usd is None) == (price is None)


def test_the_command_prints_the_plan_and_its_assumptions(onejob: Onejob) -> None:
    fleet = ("--series", "10000000", "--deadline", "15m", "--price", "1", "--volume-gb", "75", "--quota", "1")
    printed = onejob("plan-fleet", *fleet).stdout
    # The minutes depend on the latest measurement.
    assert re.match(
        r"10,000,000 series, in 15 minutes: 1 x ml\.m5\.4xlarge, about \d+ minutes?, about \$\d\.\d\d\n"
        r"  Training job and fleet: about \d+ minutes, about \$\d\.\d\d\n"
        r"  Fleet: start-up 5\.0, download 1\.2, forecast \d\.\d, gathering 0\.5 minutes\n",
        printed,
    )
    assert re.search(r"price per hour +\$1\.000 +given +--price", printed)
    assert re.search(r"disk per instance +75 GB +given +--volume-gb", printed)
    printed = onejob("plan-fleet", "--series", "20000", "--instances", "7").stdout
    assert printed.startswith("20,000 series: 7 x ml.m5.4xlarge, ")
    assert re.search(r"chunks +113 +given", printed)


@pytest.mark.parametrize("text", ["15", "m", "0m", "1.5h", "15 m"])
def test_a_deadline_needs_a_unit(onejob: Onejob, text: str) -> None:
    refused = onejob("plan-fleet", "--deadline", text)
    assert refused.exit_code == 2
    assert f"'--deadline': {text} is invalid: write a whole number and s, m or h" in refused.stderr


@pytest.mark.parametrize(("text", "minutes"), [("900s", "15 minutes"), ("15m", "15 minutes"), ("2h", "120 minutes")])
def test_a_deadline_accepts_three_units(onejob: Onejob, text: str, minutes: str) -> None:
    assert onejob("plan-fleet", "--deadline", text).stdout.startswith(f"50,000,000 series, in {minutes}: ")


@pytest.mark.parametrize("option", ["--series", "--periods", "--instances", "--quota"])
def test_a_count_is_1_or_more(onejob: Onejob, option: str) -> None:
    assert f"Invalid value for '{option}'" in onejob("plan-fleet", option, "0").stderr


def test_rejects_an_unknown_instance_type(onejob: Onejob) -> None:
    refused = onejob("plan-fleet", "--instance-type", "m5")
    assert refused.exit_code == 1
    assert refused.stderr == "instance type 'm5': a name like ml.m5.4xlarge is needed to tell its cores\n"


def test_columns_of_numbers_are_aligned_right() -> None:
    assert format_table(["n", "what"], [["1", "a"], ["1,000", "bc"]]).splitlines() == [
        "      n  what",
        "      1  a",
        "  1,000  bc",
    ]
