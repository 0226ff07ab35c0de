"""The estimate of the training job before a fleet."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.speed.results import load
from cli.fleet_plan.estimate import size_scenario
from cli.fleet_plan.measured import RESULTS, Measured
from cli.fleet_plan.scenario import VCPU_SHARE, FleetRequest, make_scenario
from cli.fleet_plan.training import TrainingPlan, training_plan
from cli.fleet_plan.training_stages import ROW_STAGES, SAMPLE_STAGES
from infra.settings.training_job import TrainingJobSettings
from job_code.demand.work_sizes import WorkSizes

MEASURED = replace(Measured.read(), on_cores={}, cores_series=0)
# Serial shares: half of reading, none of checking, a third of fitting, and all of the other stages.
ON_CORES = {
    1: {"read": 4.0, "check": 2.0, "sample": 1.0, "fit": 9.0, "backtest": 3.0},
    2: {"read": 3.0, "check": 1.0, "sample": 1.0, "fit": 6.0, "backtest": 3.0},
}
BY_CORES = replace(MEASURED, on_cores=ON_CORES, cores_series=300_000)
JOB = TrainingJobSettings(
    instance_types=("ml.m5.large",), volume_gb=50, max_runtime_minutes=60, hourly_prices={"ml.m5.large": 0.125}
)
REQUEST = FleetRequest(
    series=10_000_000, periods=100, instance_type="ml.m5.large", hourly_price=None, volume_gb=None, environment="test"
)


def plan(request: FleetRequest = REQUEST, measured: Measured = MEASURED, **settings: object) -> TrainingPlan:
    job = JOB.model_copy(update=settings)
    scenario = make_scenario(request, job, measured)
    return training_plan(request, scenario.work, job, assumptions=scenario.assumptions, measured=measured)


def test_reading_and_checking_grow_with_rows_and_fitting_does_not() -> None:
    largest = load(RESULTS).scaling[5_000_000]
    stages = largest.run.stages
    by_rows = (stages["read"] + stages["check"] + stages["sample"]) / largest.demand.rows
    # The benchmark used two cores; the job has two vCPUs.
    assert plan().parts == pytest.approx(
        {
            "start-up": 300,
            "download": 10**9 * largest.demand.size / largest.demand.rows / 1e8,
            "read and check": 10**9 * by_rows / VCPU_SHARE,
            "backtest and fit": (stages["backtest"] + stages["fit"] + stages.get("record", 0)) / VCPU_SHARE,
            "upload": 46,
        }
    )
    twice = plan(replace(REQUEST, series=20_000_000))
    assert twice.parts["read and check"] == pytest.approx(2 * plan().parts["read and check"])
    assert twice.parts["backtest and fit"] == plan().parts["backtest and fit"]


def test_more_cores_take_less() -> None:
    larger = plan(instance_types=("ml.m5.2xlarge",))
    assert larger.parts["read and check"] == pytest.approx(plan().parts["read and check"] / 4)


@pytest.mark.parametrize(("size", "vcpus", "fitting"), [("large", 2, 2), ("4xlarge", 16, 6)])
def test_stages_scale_with_cores_by_amdahls_law(size: str, vcpus: int, fitting: int) -> None:
    name = f"ml.m5.{size}"
    found = plan(measured=BY_CORES, instance_types=(name,), hourly_prices={name: 1.0}).parts
    stages, times = MEASURED.stages, 10**9 / MEASURED.rows / VCPU_SHARE
    read, check = stages["read"] * (2 + 2 / vcpus) / 3, stages["check"] * 2 / vcpus
    assert found["read and check"] == pytest.approx((read + check + stages["sample"]) * times)
    fit = stages["fit"] * (3 + 6 / fitting) / 6
    assert found["backtest and fit"] == pytest.approx(
        (stages["backtest"] + fit + stages.get("record", 0) * MEASURED.cores / vcpus) / VCPU_SHARE
    )


def test_the_stages_are_printed_by_vcpus_if_the_benchmark_has_runs_by_cores() -> None:
    assert plan().by_vcpus == ()
    title, head, *rows = plan(measured=BY_CORES).by_vcpus
    assert title == "Minutes of the training job's stages, by vCPUs of the instance:"
    assert head.split() == ["stage", "4", "vCPUs", "16", "vCPUs", "64", "vCPUs"]
    minutes = {row.rsplit(maxsplit=3)[0].strip(): [float(cell) for cell in row.rsplit(maxsplit=3)[1:]] for row in rows}
    assert set(minutes) == {*(set(MEASURED.stages) & {*ROW_STAGES, *SAMPLE_STAGES}), "total"}
    assert minutes["check"][0] == pytest.approx(4 * minutes["check"][1], abs=0.3)
    assert minutes["sample"][0] == minutes["sample"][2]
    assert minutes["fit"][1] == minutes["fit"][2]


def test_the_scaling_of_cores_is_an_assumption() -> None:
    (default,) = (each for each in plan().assumed if each.name == "training job: more cores")
    assert (default.value, default.basis) == ("all stages scale", "assumed")
    (known,) = (each for each in plan(measured=BY_CORES).assumed if each.name == "training job: more cores")
    assert known.value == "by Amdahl's law"
    assert known.source == (
        "serial shares of 300,000 series on one core and on two (results.json, cores): "
        "read 50%, check 0%, sample 100%, backtest 100%, fit 33%; at most 6 share fit"
    )


def test_the_largest_pair_of_runs_by_cores_is_read(tmp_path: Path) -> None:
    results = json.loads(RESULTS.read_text())
    run = next(iter(results["scaling"].values()))["run"]
    of = {cores: {**run, "stages": stages} for cores, stages in ON_CORES.items()}
    results["cores"] = {"60": of, "300": {**of, 2: {**of[2], "stages": {"read": 9.0}}}, "900": {1: of[1]}}
    (tmp_path / "results.json").write_text(json.dumps(results))
    found = Measured.read(tmp_path / "results.json")
    assert (found.cores_series, found.on_cores) == (300, {1: ON_CORES[1], 2: {"read": 9.0}})
    del results["cores"]
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert Measured.read(tmp_path / "results.json") == MEASURED


def test_the_disk_holds_the_files_and_the_shards() -> None:
    demand = load(RESULTS).scaling[5_000_000].demand
    assert plan().disk_bytes == pytest.approx(10**9 * demand.size / demand.rows + WorkSizes().disk_for_shards(10**9))


def test_the_estimate_has_a_line_for_the_job_and_a_total() -> None:
    training = plan()
    line, *_ = training.lines()
    assert line.startswith("Training job: about ")
    assert line.endswith(" GB of disk and has 50 GB")
    assert "on ml.m5.large (read and check 1,000 M rows, fit, upload 4.6 GB); it needs about 15 GB" in line
    fleet = size_scenario(make_scenario(REQUEST, JOB, MEASURED), deadline_seconds=None, quota=None)
    assert training.cost_usd is not None
    assert fleet.cost_usd is not None
    total = training.end_to_end(fleet)
    assert f"about {round((training.seconds + fleet.seconds) / 60)} minutes" in total
    assert total.endswith(f"about ${training.cost_usd + fleet.cost_usd:.2f}")
    assert "$" not in plan(hourly_prices={}).end_to_end(fleet)


def test_warns_about_a_small_disk_and_a_short_time_limit() -> None:
    assert not [line for line in plan().lines() if line.startswith("Warning")]
    small = [line for line in plan(volume_gb=10, max_runtime_minutes=1).lines() if line.startswith("Warning")]
    assert small[0] == (
        "Warning: the training job's disk of 10 GB is too small. It needs about 15 GB. Raise volume_gb under "
        "[training_job] in environments/test.toml."
    )
    assert small[1].startswith(
        "Warning: the training job's max_runtime_minutes of 1 is too low. The job works for about "
    )
