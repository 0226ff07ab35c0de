"""The environment variables of each function: infra writes them, and the function reads the same values."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import lambdas
from contract.environments import after_job, all_partitions, before_job, monitoring
from contract.environments.after_job import (
    CheckRunEnvironment,
    CloseRunEnvironment,
    ExplainFailureEnvironment,
    FailExecutionEnvironment,
    PublishEnvironment,
    QualityGateEnvironment,
)
from contract.environments.all_partitions import PlanPartitionsEnvironment, SummarizePartitionsEnvironment
from contract.environments.before_job import (
    ClaimEnvironment,
    JobInstance,
    PlanEnvironment,
    PlanFleetEnvironment,
    PreflightEnvironment,
)
from contract.environments.monitoring import CheckDeadlineEnvironment, RunsWidgetEnvironment
from contract.environments.settings import FleetDefaults, PartitionSource
from contract.environments.variables import FunctionEnvironment, MissingVariableError
from contract.gate import GateLimits

FOLDER = Path(lambdas.__file__).parent
PRICES = {"ml.m5.large": 0.115, "ml.m5.xlarge": 0.23}
ENVIRONMENTS: list[FunctionEnvironment] = [
    PlanEnvironment(
        deployment="onejob-dev",
        data_bucket="data",
        forecast_bucket="forecasts",
        job_name_prefix="onejob-dev",
        image="image:1",
        model_format=1,
        partitioned=True,
        base_config={"horizon": "12", "frequency": ""},
        time_zone="Europe/Berlin",
        period_label="start",
        fleet=FleetDefaults(enabled=True, instances=None),
    ),
    ClaimEnvironment(deployment="onejob-dev", table="runs", lease_seconds=3_600),
    PreflightEnvironment(
        deployment="onejob-dev",
        data_bucket="data",
        forecast_bucket="forecasts",
        key="arn:key",
        table="runs",
        image="image:1",
        instances=(JobInstance(instance_type="ml.m5.large", spot=True), JobInstance(instance_type="m", spot=False)),
        fleet_types=("ml.m5.large", "ml.m5.xlarge"),
        volume_gb=30,
        max_runtime_minutes=60,
        time_zone="UTC",
        period_label="end",
    ),
    PlanFleetEnvironment(
        deployment="onejob-dev",
        forecast_bucket="forecasts",
        table="runs",
        instance_types=("ml.m5.large",),
        deadline_minutes=30,
        volume_gb=30,
        hourly_prices=PRICES,
    ),
    CheckRunEnvironment(deployment="onejob-dev", forecast_bucket="forecasts", hourly_prices=PRICES),
    QualityGateEnvironment(
        deployment="onejob-dev", forecast_bucket="forecasts", limits=GateLimits(max_bias=0.2, max_change=1.0)
    ),
    PublishEnvironment(deployment="onejob-dev", forecast_bucket="forecasts", table="runs", database="onejob_dev"),
    ExplainFailureEnvironment(deployment="onejob-dev"),
    CloseRunEnvironment(deployment="onejob-dev", forecast_bucket="forecasts", table="runs", hourly_prices={}),
    FailExecutionEnvironment(deployment="onejob-dev"),
    PlanPartitionsEnvironment(
        deployment="onejob-dev",
        data_bucket="data",
        forecast_bucket="forecasts",
        partitions=("DE", "FR"),
        max_concurrency=20,
        quotas=("ml.m5.large for training job usage",),
        base_config={"horizon": "12"},
        time_zone="UTC",
        period_label="start",
        fleet=FleetDefaults(enabled=False, instances=4),
        fleet_types=(),
    ),
    SummarizePartitionsEnvironment(deployment="onejob-dev", forecast_bucket="forecasts"),
    CheckDeadlineEnvironment(
        deployment="onejob-dev",
        table="runs",
        topic="arn:topic",
        frequency="W-MON",
        period_label="start",
        time_zone="UTC",
        demand_time_zone="Europe/Berlin",
        day_begins_at=6,
        source=PartitionSource(data_bucket="data", partitions=None),
    ),
    RunsWidgetEnvironment(
        deployment="onejob-dev", table="runs", source=PartitionSource(data_bucket="data", partitions=("DE",))
    ),
]
WITHOUT: list[FunctionEnvironment] = [
    PlanEnvironment(
        deployment="onejob-dev",
        data_bucket="data",
        forecast_bucket="forecasts",
        job_name_prefix="onejob-dev",
        image="image:1",
        model_format=None,
        partitioned=False,
        base_config={},
        time_zone="UTC",
        period_label="start",
        fleet=None,
    ),
    PlanFleetEnvironment(
        deployment="onejob-dev",
        forecast_bucket="forecasts",
        table="runs",
        instance_types=(),
        deadline_minutes=None,
        volume_gb=30,
        hourly_prices={},
    ),
    QualityGateEnvironment(deployment="onejob-dev", forecast_bucket="forecasts", limits=GateLimits()),
    RunsWidgetEnvironment(deployment="onejob-dev", table="runs", source=None),
]


def function_of(environment: FunctionEnvironment) -> str:
    return type(environment).FUNCTION


@pytest.mark.parametrize("environment", [*ENVIRONMENTS, *WITHOUT], ids=function_of)
def test_a_function_reads_the_values_that_infra_writes(environment: FunctionEnvironment) -> None:
    variables = environment.to_environment()
    assert all(isinstance(value, str) for value in variables.values())
    assert type(environment).from_environment({**variables, "AWS_REGION": "eu-central-1"}) == environment


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=function_of)
def test_the_error_names_the_missing_variable_and_the_function(environment: FunctionEnvironment) -> None:
    variables = environment.to_environment()
    for name in variables:
        rest = {key: value for key, value in variables.items() if key != name}
        with pytest.raises(MissingVariableError) as error:
            type(environment).from_environment(rest)
        assert str(error.value) == f"the function {function_of(environment)} lacks its environment variable {name}"


def test_formats_of_variables() -> None:
    plan, limits = ENVIRONMENTS[0].to_environment(), ENVIRONMENTS[5].to_environment()["LIMITS"]
    assert (plan["PARTITIONED"], plan["FLEET"]) == ("true", '{"enabled": true, "instances": null}')
    assert limits == '{"max_bias": 0.2, "max_change": 1.0}'
    assert [each.to_environment()["DEADLINE_MINUTES"] for each in (ENVIRONMENTS[3], WITHOUT[1])] == ["30", ""]
    assert WITHOUT[3].to_environment() == {"DEPLOYMENT": "onejob-dev", "TABLE": "runs"}


def test_every_function_has_a_tested_environment() -> None:
    modules = (before_job, after_job, all_partitions, monitoring)
    classes = {
        each
        for module in modules
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, FunctionEnvironment) and each is not FunctionEnvironment
    }
    assert {type(each) for each in ENVIRONMENTS} == classes
    folders = {handler.parent.name.replace("_", "-") for handler in FOLDER.glob("*/handler.py")}
    assert sorted(each.FUNCTION for each in classes) == sorted(folders)


def reads_of_the_environment(source: str) -> Iterator[str]:
    """Yield each use of `os.environ` or `os.getenv` that is not the argument of `from_environment`."""
    tree = ast.parse(source)
    allowed = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Environment.from_environment")
        for argument in node.args
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield ast.unparse(node)
        if (
            isinstance(node, ast.Attribute)
            and ast.unparse(node) in ("os.environ", "os.getenv")
            and id(node) not in allowed
        ):
            yield ast.unparse(node)


def test_functions_read_variables_only_through_their_environment() -> None:
    found = {file.name: list(reads_of_the_environment(file.read_text())) for file in FOLDER.rglob("*.py")}
    assert not [name for name, reads in found.items() if reads]


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("PlanEnvironment.from_environment(os.environ)", []),
        ('os.environ["TABLE"]', ["os.environ"]),
        ('os.getenv("TABLE")', ["os.getenv"]),
        ("from os import environ", ["from os import environ"]),
        ("partitions_of(os.environ)", ["os.environ"]),
    ],
)
def test_the_check_finds_reads_of_variables(source: str, reads: list[str]) -> None:
    assert list(reads_of_the_environment(source)) == reads
