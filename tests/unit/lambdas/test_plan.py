import json
import re
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from contract.environments.before_job import PlanEnvironment
from contract.function_errors import InputError
from contract.model_format import MODEL_FORMAT
from job_code.config import ForecastConfig
from lambdas.plan import handler as module
from lambdas.plan.handler import plan as typed_plan
from lambdas.plan.plans import Plan, PublishPlan
from tests.unit.lambdas.conftest import CONTEXT, DATA_BUCKET, FORECAST_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
plan: Any = typed_plan
handle: Any = module.handler

CONFIG = ForecastConfig(key=("article_id", "merchant_id"), frequency="W-MON")
ENVIRONMENT = PlanEnvironment(
    deployment="onejob-dev",
    data_bucket=DATA_BUCKET,
    forecast_bucket=FORECAST_BUCKET,
    job_name_prefix="onejob-dev",
    base_config=CONFIG.to_strings(),
    image="123456789012.dkr.ecr.eu-central-1.amazonaws.com/onejob:1",
    model_format=MODEL_FORMAT,
    time_zone="Europe/Berlin",
    period_label="start",
    partitioned=False,
    fleet=None,
)
EXECUTION_ID = "arn:aws:states:eu-central-1:123456789012:execution:onejob-dev-forecast:3f0c"


def planned(document: object, s3: "S3Client", *, started_at: str = "2026-11-18T09:30:05.123Z", **changes: Any) -> Plan:
    execution = {"id": EXECUTION_ID, "name": "3f0c", "started_at": started_at, "input": document}
    result = plan(execution, environment=replace(ENVIRONMENT, **changes), s3=s3)
    assert isinstance(result, Plan)
    return result


@pytest.fixture
def demand(s3: "S3Client") -> Any:
    s3.put_object(Bucket=DATA_BUCKET, Key="demand/2026/part-0.parquet", Body=b"x")
    return s3


def test_an_empty_input_leaves_the_cutoff_to_the_job(demand: Any) -> None:
    result = planned({}, demand)
    assert result.cutoff is None
    assert "cutoff" not in result.hyperparameters
    assert result.partition == "all"
    assert [channel["ChannelName"] for channel in result.channels] == ["demand"]
    assert result.channels[0]["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://{DATA_BUCKET}/demand/"


def test_the_hyperparameters_are_the_configuration(demand: Any) -> None:
    hyperparameters = planned({}, demand).hyperparameters
    assert all(hyperparameters.values())
    assert ForecastConfig.from_mapping(hyperparameters, source="hyperparameters") == CONFIG


def test_the_job_name_has_the_time_and_room_for_counters(demand: Any) -> None:
    name = planned({}, demand, job_name_prefix="fifteenletters1-environment1").job_name
    assert re.fullmatch(r"fifteenletters1-environment1-20261118-093005-[0-9a-f]{7}", name)
    assert len(f"{name}-1000-17-24") <= 63


def test_executions_of_the_same_second_get_different_names(demand: Any) -> None:
    names = {
        asdict(
            plan(
                {"id": f"{EXECUTION_ID}{i}", "name": "x", "started_at": "2026-11-18T09:30:05Z", "input": {}},
                environment=ENVIRONMENT,
                s3=demand,
            )
        )["job_name"]
        for i in range(50)
    }
    assert len(names) == 50


def test_covariates_become_a_channel(demand: Any) -> None:
    demand.put_object(Bucket=DATA_BUCKET, Key="covariates/prices/2026.parquet", Body=b"x")
    channels = planned({}, demand).channels
    assert [channel["ChannelName"] for channel in channels] == ["demand", "covariates"]
    assert channels[1]["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://{DATA_BUCKET}/covariates/"


POINTER = "forecasts/partition=all/_published.json"
MANIFEST = "forecasts/partition=all/run_id=r-1/_manifest.json"


def test_the_published_manifest_becomes_a_channel(demand: Any) -> None:
    demand.put_object(Bucket=FORECAST_BUCKET, Key=MANIFEST, Body=b"{}")
    demand.put_object(Bucket=FORECAST_BUCKET, Key=POINTER, Body=json.dumps({"manifest": MANIFEST}).encode())
    channels = planned({}, demand).channels
    assert [channel["ChannelName"] for channel in channels] == ["demand", "published"]
    assert channels[1]["DataSource"]["S3DataSource"]["S3Uri"] == f"s3://{FORECAST_BUCKET}/{MANIFEST}"


@pytest.mark.parametrize(
    "pointer", [b"", b"[]", b"{}", b'{"manifest": 5}', json.dumps({"manifest": MANIFEST}).encode()]
)
def test_an_invalid_pointer_does_not_stop_the_run(demand: Any, pointer: bytes) -> None:
    demand.put_object(Bucket=FORECAST_BUCKET, Key=POINTER, Body=pointer)
    assert [channel["ChannelName"] for channel in planned({}, demand).channels] == ["demand"]


def test_static_columns_become_a_channel(demand: Any) -> None:
    demand.put_object(Bucket=DATA_BUCKET, Key="static/", Body=b"")
    assert len(planned({}, demand).channels) == 1
    demand.put_object(Bucket=DATA_BUCKET, Key="static/articles.csv", Body=b"x")
    assert [channel["ChannelName"] for channel in planned({}, demand).channels] == ["demand", "static"]


def test_a_requested_cutoff_reaches_the_job(demand: Any) -> None:
    result = planned({"cutoff": "2026-11-16"}, demand)
    assert result.cutoff == result.hyperparameters["cutoff"] == "2026-11-16"


def test_overrides_apply_to_one_run(demand: Any) -> None:
    config = {"horizon": 8, "quantiles": [0.05, 0.5], "key": "sku", "learning_rate": 0.1, "target": "demand"}
    hyperparameters = planned({"config": config}, demand).hyperparameters
    overridden = ForecastConfig.from_mapping(hyperparameters, source="hyperparameters")
    assert (overridden.horizon, overridden.quantiles, overridden.key) == (8, (0.05, 0.5), ("sku",))
    assert overridden.frequency == "W-MON"


@pytest.mark.parametrize(
    ("scheduled_time", "cutoff"),
    [
        ("2026-11-16T05:00:00Z", "2026-11-09"),  # Monday 06:00 in winter
        ("2026-11-15T22:59:59Z", "2026-11-02"),  # a second before Monday in Berlin
        ("2026-11-15T23:00:00Z", "2026-11-09"),  # the start of Monday
        ("2026-07-12T21:59:59Z", "2026-06-29"),  # the same in summer
        ("2026-07-12T22:00:00Z", "2026-07-06"),
        ("2026-03-29T22:00:00Z", "2026-03-23"),  # start of Monday in Berlin, on the day the clocks go forward
        ("2026-10-25T22:59:59Z", "2026-10-12"),  # the day the clocks go back
        ("2026-10-25T23:00:00Z", "2026-10-19"),
        ("2026-11-20T05:00:00+09:00", "2026-11-09"),
    ],
)
def test_a_scheduled_run_takes_the_last_complete_week_at_the_scheduled_time(
    demand: Any, scheduled_time: str, cutoff: str
) -> None:
    # The execution started days late, so the clock differs.
    result = planned({"scheduled_time": scheduled_time}, demand, started_at="2027-01-02T03:04:05Z")
    assert result.cutoff == result.hyperparameters["cutoff"] == cutoff


def test_weeks_dated_by_their_last_day(demand: Any) -> None:
    base = {**ENVIRONMENT.base_config, "frequency": "W-SUN"}
    result = planned({"scheduled_time": "2026-11-16T05:00:00Z"}, demand, period_label="end", base_config=base)
    assert result.cutoff == "2026-11-15"


def test_a_scheduled_run_follows_the_overridden_frequency(demand: Any) -> None:
    document = {"scheduled_time": "2026-11-16T05:00:00Z", "config": {"frequency": "MS"}}
    assert planned(document, demand).cutoff == "2026-10-01"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "input: [] is not an object"),
        ("{}", 'input: "{}" is not an object'),
        (None, "input: null is not an object"),
        (
            {"cutof": "2026-11-16"},
            'unknown key "cutof", did you mean cutoff? (known: config, cutoff, fleet, force, mode, partition, ',
        ),
        ({"cutoff": "16.11.2026"}, 'cutoff "16.11.2026" is not the label of a period; write it as 2026-11-16'),
        ({"cutoff": 20261116}, "cutoff 20261116 is not a period of W-MON, whose periods have dates"),
        ({"cutoff": None}, "cutoff null is not the label"),
        ({"cutoff": "2026-11-23"}, "cutoff 2026-11-23 is in the future (today is 2026-11-18)"),
        ({"cutoff": "2026-11-17"}, "cutoff 2026-11-17 (Tuesday) is not a period of W-MON; use 2026-11-16"),
        ({"scheduled_time": "2026-11-16T05:00:00"}, "is not a time with a zone"),
        ({"scheduled_time": "soon"}, 'scheduled_time "soon" is not a time with a zone'),
        ({"scheduled_time": 1}, "scheduled_time 1 is not a time with a zone"),
        ({"cutoff": "2026-11-16", "scheduled_time": "2026-11-16T05:00:00Z"}, "both decide the cutoff"),
        ({"config": []}, "config [] is not an object"),
        ({"config": {"horizn": 8}}, 'config: unknown key "horizn", did you mean horizon? (known: aggregate, '),
        ({"config": {"cutoff": "2026-11-16"}}, 'config.cutoff: cutoff is not a key of config; write {"cutoff"'),
        ({"config": {"horizon": None}}, "config.horizon null is not text, a number or a list"),
        ({"config": {"n_estimators": True}}, "config.n_estimators true is not text, a number or a list"),
        ({"config": {"key": ["a", False]}}, 'config.key ["a", false] is not text'),
        ({"config": {"horizon": 0}}, "config.horizon 0 is not a whole number greater than or equal to 1"),
        ({"config": {"horizon": -1}}, "config.horizon -1 is not a whole number"),
        ({"config": {"horizon": 2.5}}, "config.horizon 2.5 is not a whole number"),
        ({"config": {"horizon": "twelve"}}, 'config.horizon "twelve" is not a whole number'),
        ({"config": {"horizon": ""}}, 'config.horizon "" is not a whole number'),
        ({"config": {"key": []}}, "config.key [] is not text"),
        ({"config": {"key": ["a", ["b"]]}}, 'config.key ["a", ["b"]] is not text'),
        ({"config": {"key": {"a": 1}}}, 'config.key {"a": 1} is not text'),
        ({"config": {"target": "x" * 257}}, "config.target has 257 characters; the limit is 256"),
    ],
)
def test_invalid_input_is_reported_in_one_line(demand: Any, document: object, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)) as error:
        planned(document, demand)
    assert "\n" not in str(error.value)


def test_all_problems_are_reported_together(demand: Any) -> None:
    with pytest.raises(InputError) as error:
        planned({"cutof": 1, "cutoff": "x", "config": {"horizn": 1, "treees": 2}}, demand)
    assert all(word in str(error.value) for word in ("cutof", '"x" is not the label of a period', "horizn", "treees"))


def test_a_schedule_without_a_calendar_is_refused(demand: Any) -> None:
    base = {**ENVIRONMENT.base_config, "frequency": ""}
    with pytest.raises(InputError, match="a scheduled run needs 15min, 30min, h, D, B, W-MON"):
        planned({"scheduled_time": "2026-11-16T05:00:00Z"}, demand, base_config=base)


def test_the_day_and_the_zone_of_the_demand_decide_what_is_complete(demand: Any) -> None:
    for time, config, cutoff in (
        ("2026-11-23T04:59:00Z", {"day_begins_at": "6"}, "2026-11-09"),
        ("2026-11-23T05:00:00Z", {"day_begins_at": 6}, "2026-11-16"),
        ("2026-11-23T04:59:00Z", {"time_zone": "America/New_York"}, "2026-11-09"),
        ("2026-11-23T05:00:00Z", {"frequency": "h", "time_zone": "Europe/Berlin"}, "2026-11-23T04:00Z"),
        ("2026-11-23T05:00:00Z", {"frequency": "h", "time_zone": "Asia/Kolkata"}, "2026-11-23T03:30Z"),
    ):
        result = planned({"scheduled_time": time, "config": config}, demand, started_at="2026-11-23T09:00:00Z")
        assert result.cutoff == cutoff
    document = {"scheduled_time": "2026-11-16T05:00:00Z", "config": {"time_zone": "Europe/Atlantis"}}
    with pytest.raises(InputError, match=r"'Europe/Atlantis'; set forecast\.time_zone to an older name"):
        planned(document, demand)


@pytest.mark.parametrize(
    ("cutoff", "zone", "problem"),
    [
        ("2026-11-16T05:00Z", "Europe/Berlin", ""),
        ("2026-11-16T06:00+01:00", "Europe/Berlin", ""),
        ("2026-11-16T05:00", "", ""),
        ("2026-11-16T05:00", "Europe/Berlin", "(Monday) is not a period of h in UTC; use 2026-11-16T04:00Z"),
        ("2026-07-06", "Europe/Berlin", "(Monday) is not a period of h in UTC; use 2026-07-05T22:00Z"),
        ("2026-11-16T05:20Z", "Europe/Berlin", "(Monday) is not a period of h in UTC; use 2026-11-16T05:00Z"),
        ("2026-11-16T05:00Z", "Asia/Kolkata", "(Monday) is not a period of h in UTC; use 2026-11-16T04:30Z"),
        ("2026-11-16T05:00Z", "", "cutoff 2026-11-16T05:00Z (Monday) is not a period of h; use 2026-11-16T05:00"),
    ],
)
def test_a_cutoff_of_hours_has_the_zone_of_their_labels(demand: Any, cutoff: str, zone: str, problem: str) -> None:
    document = {"cutoff": cutoff, "config": {"frequency": "h"} | ({"time_zone": zone} if zone else {})}
    if problem:
        with pytest.raises(InputError, match=re.escape(problem)):
            planned(document, demand)
    else:
        assert planned(document, demand).cutoff in ("2026-11-16T05:00Z", "2026-11-16T05:00")


@pytest.mark.parametrize("document", [{"scheduled_time": "2026-11-16T05:00:00Z"}, {"cutoff": "2026-11-16"}])
def test_an_unknown_time_zone_is_rejected(demand: Any, document: object) -> None:
    with pytest.raises(InputError, match=r"do not contain 'Europe/Atlantis'; set schedule\.time_zone to") as error:
        planned(document, demand, time_zone="Europe/Atlantis")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "demand/",
        "demand/_SUCCESS",
        "demand/.keep",
        "demand/_temporary/part-0.parquet",
        "demand-old/a.parquet",
        "demand/_delta_log/00000000000000000000.json",
        "demand/demand.csv/",
    ],
)
def test_what_is_hidden_does_not_count_as_demand(s3: "S3Client", key: str) -> None:
    if key:
        s3.put_object(Bucket=DATA_BUCKET, Key=key, Body=b"")
    assert planned({}, s3).demand.tables == 0


@pytest.mark.parametrize(
    "name", ["a.parquet", "A.PARQUET", "a.parq", "a.csv.gz", "a.jsonl", "a.txt", "part-1.c000", "year=2026/000000_0"]
)
def test_what_may_be_a_table_counts_as_demand(s3: "S3Client", name: str) -> None:
    s3.put_object(Bucket=DATA_BUCKET, Key=f"demand/{name}", Body=b"x")
    assert planned({}, s3).demand.tables == 1


def test_the_log_of_a_delta_table_changes_the_fingerprint(s3: "S3Client") -> None:
    s3.put_object(Bucket=DATA_BUCKET, Key="demand/part-0.parquet", Body=b"x")
    prints = [planned({}, s3).fingerprint]
    for name in ("_delta_log/00000000000000000000.json", "_delta_log/00000000000000000001.json", "_SUCCESS"):
        s3.put_object(Bucket=DATA_BUCKET, Key=f"demand/{name}", Body=b"{}")
        prints.append(planned({}, s3).fingerprint)
    assert len(set(prints)) == 3  # the marker changes nothing
    assert planned({}, s3).demand.tables == 1


def test_the_plan_has_size_and_time_of_the_demand(s3: "S3Client") -> None:
    s3.put_object(Bucket=DATA_BUCKET, Key="demand/a.parquet", Body=b"123")
    s3.put_object(Bucket=DATA_BUCKET, Key="demand/b.csv", Body=b"4567")
    s3.put_object(Bucket=DATA_BUCKET, Key="static/a.parquet", Body=b"123")
    found = planned({}, s3).demand
    assert (found.tables, found.bytes) == (2, 7)
    written = s3.head_object(Bucket=DATA_BUCKET, Key="demand/b.csv")["LastModified"]
    assert datetime.fromisoformat(found.newest) == written


def test_unreadable_static_files_are_left_to_the_job(demand: Any) -> None:
    demand.put_object(Bucket=DATA_BUCKET, Key="static/articles.xlsx", Body=b"x")
    assert [channel["ChannelName"] for channel in planned({}, demand).channels] == ["demand", "static"]


def test_demand_behind_a_thousand_markers_is_found(s3: "S3Client") -> None:
    for number in range(1001):
        s3.put_object(Bucket=DATA_BUCKET, Key=f"demand/_{number}", Body=b"")
    s3.put_object(Bucket=DATA_BUCKET, Key="demand/a.csv", Body=b"x")
    assert planned({}, s3).channels


def test_the_handler_reads_its_environment(demand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_client", lambda _service: demand)
    monkeypatch.setenv("DEPLOYMENT", "onejob-dev")
    monkeypatch.setenv("DATA_BUCKET", DATA_BUCKET)
    monkeypatch.setenv("FORECAST_BUCKET", FORECAST_BUCKET)

    monkeypatch.setenv("JOB_NAME_PREFIX", "onejob-dev")
    monkeypatch.setenv("BASE_CONFIG", json.dumps(CONFIG.to_strings()))
    monkeypatch.setenv("IMAGE", ENVIRONMENT.image)
    monkeypatch.setenv("MODEL_FORMAT", json.dumps(MODEL_FORMAT))
    monkeypatch.setenv("TIME_ZONE", "UTC")
    monkeypatch.setenv("PERIOD_LABEL", "start")
    monkeypatch.setenv("PARTITIONED", "false")
    monkeypatch.setenv("FLEET", "null")
    execution = {"id": EXECUTION_ID, "name": "3f0c", "started_at": "2026-11-18T09:30:05.123Z", "input": {}}
    answer = handle({"execution": execution}, CONTEXT)
    assert json.loads(json.dumps(answer)) == answer
    assert answer["hyperparameters"]["horizon"] == "12"


def test_publish_plans_an_existing_run(s3: "S3Client") -> None:
    execution = {"id": EXECUTION_ID, "name": "x", "started_at": "2026-11-18T09:30:05Z"}
    found = plan({**execution, "input": {"publish": "onejob-dev-20261118-1-0-0"}}, environment=ENVIRONMENT, s3=s3)
    assert found == PublishPlan(partition="all", publish="onejob-dev-20261118-1-0-0")


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"publish": "../x"}, 'publish "../x" is not a run_id; copy the run_id from'),
        ({"publish": None}, "publish null is not a run_id"),
        ({"publish": "run-1", "cutoff": "2026-11-16"}, "publish publishes an existing run; remove all other keys"),
        ({"publish": "run-1", "mode": "infer"}, "publish publishes an existing run; remove all other keys"),
    ],
)
def test_an_invalid_publish_is_rejected(document: dict[str, Any], expected: str, demand: Any) -> None:
    with pytest.raises(InputError) as error:
        planned(document, demand)
    assert expected in str(error.value)
