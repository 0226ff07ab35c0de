"""The training job before a fleet, on paper."""

from dataclasses import replace

import pytest

from benchmarks.speed.results import load
from cli.fleet_plan.case import VCPU_SHARE, Question, case_of
from cli.fleet_plan.measured import RESULTS, Measured
from cli.fleet_plan.on_paper import planned
from cli.fleet_plan.training import TrainingPlan, training_plan
from infra.settings.training_job import TrainingJobSettings
from job_code.demand.work_sizes import Sizes

MEASURED = Measured.read()
JOB = TrainingJobSettings(
    instance_types=("ml.m5.large",), volume_gb=50, max_runtime_minutes=60, hourly_prices={"ml.m5.large": 0.125}
)
QUESTION = Question(
    series=10_000_000, periods=100, instance_type="ml.m5.large", hourly_price=None, volume_gb=None, environment="test"
)


def plan(question: Question = QUESTION, **settings: object) -> TrainingPlan:
    job = JOB.model_copy(update=settings)
    case = case_of(question, job, MEASURED)
    return training_plan(question, case.work, job, assumptions=case.assumptions, measured=MEASURED)


def test_reading_and_checking_grow_with_rows_and_fitting_does_not() -> None:
    largest = load(RESULTS).scaling[5_000_000]
    stages = largest.run.stages
    by_rows = (stages["read"] + stages["check"] + stages["sample"]) / largest.demand.rows
    # Two cores were measured on; the job has two vCPUs.
    assert plan().parts == pytest.approx(
        {
            "start-up": 300,
            "download": 10**9 * largest.demand.size / largest.demand.rows / 1e8,
            "read and check": 10**9 * by_rows / VCPU_SHARE,
            "backtest and fit": (stages["backtest"] + stages["fit"]) / VCPU_SHARE,
            "hand over": 46,
        }
    )
    twice = plan(replace(QUESTION, series=20_000_000))
    assert twice.parts["read and check"] == pytest.approx(2 * plan().parts["read and check"])
    assert twice.parts["backtest and fit"] == plan().parts["backtest and fit"]


def test_more_cores_take_less() -> None:
    larger = plan(instance_types=("ml.m5.2xlarge",))
    assert larger.parts["read and check"] == pytest.approx(plan().parts["read and check"] / 4)


def test_the_disk_holds_the_files_and_the_shards() -> None:
    demand = load(RESULTS).scaling[5_000_000].demand
    assert plan().disk_bytes == pytest.approx(10**9 * demand.size / demand.rows + Sizes().disk_for_shards(10**9))


def test_it_is_told_in_a_line_and_end_to_end() -> None:
    training = plan()
    line, *_ = training.lines()
    assert line.startswith("Before it, the training job: about ")
    assert line.endswith(" GB of 50 GB")
    assert "on ml.m5.large (read and check 1,000 M rows, fit, hand over 4.6 GB), disk about 15 GB" in line
    fleet = planned(case_of(QUESTION, JOB, MEASURED), deadline_seconds=None, quota=None)
    assert training.cost_usd is not None
    assert fleet.cost_usd is not None
    told = training.end_to_end(fleet)
    assert f"about {round((training.seconds + fleet.seconds) / 60)} minutes" in told
    assert told.endswith(f"about ${training.cost_usd + fleet.cost_usd:.2f}")
    assert "$" not in plan(hourly_prices={}).end_to_end(fleet)


def test_what_does_not_suffice_is_said_plainly() -> None:
    assert not [line for line in plan().lines() if line.startswith("Too")]
    small = [line for line in plan(volume_gb=10, max_runtime_minutes=1).lines() if line.startswith("Too")]
    assert small[0] == (
        "Too small: the training job's disk of 10 GB; it needs about 15 GB. Raise volume_gb under [training_job] in "
        "environments/test.toml."
    )
    assert small[1].startswith("Too short: the training job's 1 max_runtime_minutes; it works for about ")
