"""What an execution of all partitions starts, and what it refuses before anything is started."""

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from contract.environments.all_partitions import PlanPartitionsEnvironment
from contract.environments.settings import FleetDefaults
from contract.function_errors import InputError
from contract.names import PARENT
from contract.quotas import processing_quota
from lambdas.plan_partitions import handler as module
from lambdas.plan_partitions.handler import execution_name
from lambdas.plan_partitions.handler import plan_partitions as typed_plan_partitions
from lambdas.plan_partitions.limits import allowed_at_a_time
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, DATA_BUCKET, FORECAST_BUCKET
from tests.unit.lambdas.test_plan import ENVIRONMENT as OF_A_RUN
from tests.unit.lambdas.test_plan import planned as planned_run
from tests.unit.lambdas.test_preflight import Pages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Tests give the keys that a function reads, and no whole state.
plan_partitions: Any = typed_plan_partitions
handle: Any = module.handler

ARN = "arn:aws:states:eu-central-1:123456789012:execution:onejob-dev-partitions"
QUOTA = "ml.m5.large for training job usage"
ENVIRONMENT = PlanPartitionsEnvironment(
    deployment="onejob-dev",
    data_bucket=DATA_BUCKET,
    forecast_bucket=FORECAST_BUCKET,
    partitions=("AT", "DE", "FR"),
    max_concurrency=20,
    quotas=(QUOTA,),
    base_config=OF_A_RUN.base_config,
    time_zone="Europe/Berlin",
    period_label="start",
    fleet=None,
    fleet_types=(),
)
# Of Step Functions: a name has none of these.
FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def execution(document: object, *, name: str = "3f0c") -> dict[str, Any]:
    return {"id": f"{ARN}:{name}", "name": name, "started_at": "2026-11-18T09:30:05.123Z", "input": document}


def planned(s3: "S3Client", document: object, *, quota: int | None = None, **changes: Any) -> Any:
    quotas = Pages({} if quota is None else {QUOTA: quota})
    return plan_partitions(execution(document), environment=replace(ENVIRONMENT, **changes), quotas=quotas, s3=s3)


def items(s3: "S3Client", plan: dict[str, Any]) -> list[dict[str, Any]]:
    return list(json.load(s3.get_object(Bucket=FORECAST_BUCKET, Key=plan["items"])["Body"]))


def test_each_partition_is_an_item_with_all_that_its_run_is_given(s3: "S3Client") -> None:
    given = {"cutoff": "2026-11-16", "force": True, "config": {"horizon": 4}}
    plan = planned(s3, {**given, "partitions": ["FR", "AT", "FR"]})
    folder = "partitions/execution=3f0c/"
    assert plan == {"items": f"{folder}items.json", "count": 2, "max_concurrency": 2, "unusable": None}
    assert items(s3, plan) == [
        {
            "partition": name,
            "name": execution_name(name, f"{ARN}:3f0c"),
            "input": {**given, "partition": name, PARENT: f"{ARN}:3f0c"},
            "outcome": f"{folder}outcomes/{name}.json",
        }
        for name in ("AT", "FR")
    ]


def test_what_a_run_is_given_its_plan_takes(s3: "S3Client") -> None:
    plan = planned(s3, {"cutoff": "2026-11-16", "force": True, "config": {"horizon": 4}})
    for item in items(s3, plan):
        run = planned_run(item["input"], s3, partitioned=True)
        assert (run.partition, run.parent, run.cutoff) == (item["partition"], f"{ARN}:3f0c", "2026-11-16")


@pytest.mark.parametrize("document", [{}, {"scheduled_time": "2026-11-16T05:00:00Z"}, {"mode": "infer"}])
def test_all_are_run_where_none_is_named(s3: "S3Client", document: dict[str, Any]) -> None:
    assert [item["partition"] for item in items(s3, planned(s3, document))] == ["AT", "DE", "FR"]


def test_one_that_another_state_machine_has_started_is_the_parent_itself(s3: "S3Client") -> None:
    (item, *_) = items(s3, planned(s3, {PARENT: "arn:grandparent"}))
    assert item["input"][PARENT] == f"{ARN}:3f0c"


@pytest.mark.parametrize(
    ("max_concurrency", "quota", "together"),
    [(2, None, 2), (20, None, 3), (20, 2, 2), (2, 100, 2), (20, 1, 1), (20, 0, 1), (1, None, 1)],
)
def test_how_many_run_at_a_time(s3: "S3Client", max_concurrency: int, quota: int | None, together: int) -> None:
    assert planned(s3, {}, quota=quota, max_concurrency=max_concurrency)["max_concurrency"] == together


def test_the_states_data_stay_small_however_many_there_are(s3: "S3Client") -> None:
    names = [f"{number:05}{'x' * 59}" for number in range(5_000)]
    plan = planned(s3, {}, partitions=names, max_concurrency=1_000)
    assert (plan["count"], plan["max_concurrency"]) == (5_000, 1_000)
    assert len(json.dumps(plan)) < 300
    assert [item["partition"] for item in items(s3, plan)] == names


def test_names_of_executions_are_their_own_and_fit_with_their_counter() -> None:
    partitions = ["x" * 64, f"{'x' * 63}y", "DE", "DE.", "DE-", "DE_1", "DE.1", "DE-1", "de", "0"]
    parents = [f"{ARN}:{number}" for number in range(20)]
    names = {
        f"{execution_name(partition, parent)}-{redrives}"
        for partition in partitions
        for parent in parents
        for redrives in (0, 999)
    }
    assert len(names) == len(partitions) * len(parents) * 2
    assert max(map(len, names)) <= 80
    assert not any(FORBIDDEN.search(name) for name in names)


def test_a_planning_that_is_repeated_plans_the_same(s3: "S3Client") -> None:
    first = planned(s3, {})
    before = items(s3, first)
    assert planned(s3, {}) == first
    assert items(s3, first) == before


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], 'input: [] is not an object; start with {} or {"partitions": ["..."]}'),
        ("{}", 'input: "{}" is not an object'),
        (None, "input: null is not an object"),
        ({"cutof": "2026-11-16"}, 'input: unknown key "cutof", did you mean cutoff? (known: config, cutoff, fleet, '),
        ({"partition": "DE"}, 'input: unknown key "partition", did you mean partitions?'),
        ({"publish": "onejob-dev-1"}, 'input: unknown key "publish"'),
        ({"partitions": "DE"}, "input: partitions is no list of names"),
        ({"partitions": []}, "input: partitions is no list of names"),
        ({"partitions": ["DE", 5]}, "input: partitions is no list of names"),
        ({"partitions": None}, "input: partitions is no list of names"),
        ({"partitions": ["DE", "XX"]}, "input: there is no partition XX"),
        ({"partitions": list("abcde")}, "input: there is no partition a, b, c and 2 more"),
        ({"partitions": ["D E\n"]}, 'input: there is no partition "D E\\n"'),
        ({"cutoff": "16.11.2026"}, 'cutoff "16.11.2026" is not a date; write it as 2026-11-16'),
        ({"cutoff": "2026-11-17"}, "cutoff 2026-11-17 (Tuesday) is no period of W-MON; 2026-11-16 is one"),
        ({"cutoff": "2026-11-23"}, "cutoff 2026-11-23 lies in the future (2026-11-18 today)"),
        ({"scheduled_time": "soon"}, 'scheduled_time "soon" is not a time with a zone'),
        ({"scheduled_time": "2026-11-16T05:00:00Z", "cutoff": "2026-11-16"}, "both decide the cutoff"),
        ({"scheduled_time": "2026-11-16T05:00:00Z", "config": {"frequency": "h"}}, "a scheduled run needs D, W-MON"),
        ({"mode": "predict"}, 'mode "predict" is neither train nor infer'),
        ({"force": "yes"}, 'force "yes" is neither true nor false'),
        ({"fleet": 4}, "fleet: this environment has none"),
        ({"fleet": 101}, "fleet 101 is neither true nor false, nor 1 to 100 machines"),
        ({"config": {"horizn": 8}}, 'config: unknown key "horizn", did you mean horizon?'),
        ({"config": {"horizon": 0}}, "config.horizon 0 is no whole number"),
        ({"config": {"cutoff": "2026-11-16"}}, "config.cutoff: the cutoff stands beside config"),
    ],
)
def test_what_no_run_would_take_is_refused_once_and_nothing_is_started(
    s3: "S3Client", document: object, told: str
) -> None:
    with pytest.raises(InputError, match=re.escape(told)) as error:
        planned(s3, document)
    assert "\n" not in str(error.value)
    assert type(error.value).__name__ == "InputError"  # by which its kind is known
    assert "Contents" not in s3.list_objects_v2(Bucket=FORECAST_BUCKET)


def test_everything_wrong_is_told_at_once(s3: "S3Client") -> None:
    with pytest.raises(InputError) as error:
        planned(s3, {"cutof": 1, "partitions": 5, "cutoff": "x", "config": {"horizn": 1}})
    assert all(word in str(error.value) for word in ('"cutof"', "no list of names", '"x" is not a date', "horizn"))


def test_a_fleet_may_be_asked_for_where_there_is_one(s3: "S3Client") -> None:
    plan = planned(s3, {"fleet": 4}, fleet=FleetDefaults(enabled=False, instances=None))
    assert all(item["input"]["fleet"] == 4 for item in items(s3, plan))


def test_where_no_demand_is_found_it_is_told_where_it_belongs(s3: "S3Client") -> None:
    with pytest.raises(InputError, match=re.escape(f"below s3://{DATA_BUCKET}/demand/partition=.../")):
        planned(s3, {}, partitions=None)
    s3.put_object(Bucket=DATA_BUCKET, Key="demand/partition=IT/a.csv", Body=b"x")
    assert [item["partition"] for item in items(s3, planned(s3, {}, partitions=None))] == ["IT"]


@pytest.mark.parametrize(("pages", "together"), [([{QUOTA: 2.0}], 2), ([{"another": 2.0}], 3), ([], 3)])
def test_the_handler_reads_its_environment_and_the_quota(
    s3: "S3Client", monkeypatch: pytest.MonkeyPatch, pages: list[dict[str, float]], together: int
) -> None:
    clients = {"s3": s3, "service-quotas": Pages(*pages)}
    monkeypatch.setattr(module, "_client", clients.__getitem__)
    for name, value in (
        ("DEPLOYMENT", "onejob-dev"),
        ("DATA_BUCKET", DATA_BUCKET),
        ("FORECAST_BUCKET", FORECAST_BUCKET),
        ("PARTITIONS", '["AT", "DE", "FR"]'),
        ("AT_A_TIME", "20"),
        ("QUOTAS", json.dumps([QUOTA])),
        ("BASE_CONFIG", json.dumps(OF_A_RUN.base_config)),
        ("TIME_ZONE", "UTC"),
        ("PERIOD_LABEL", "start"),
        ("FLEET", "null"),
        ("FLEET_TYPES", "[]"),
    ):
        monkeypatch.setenv(name, value)
    answer = handle({"execution": execution({})}, CONTEXT)
    assert (answer["count"], answer["max_concurrency"]) == (3, together)


def test_a_quota_that_cannot_be_looked_up_stops_nothing() -> None:
    class Denied(Pages):
        def paginate(self, **_request: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListServiceQuotas")

    assert allowed_at_a_time(as_client(Denied()), [QUOTA], ["ml.m5.xlarge"]) is None


def test_where_several_machines_may_do_it_their_quotas_count_together() -> None:
    assert allowed_at_a_time(as_client(Pages({"a": 3.0, "b": 4.0})), ["a", "b"]) == 7


@pytest.mark.parametrize(
    ("training", "processing", "instances", "allowed"),
    [
        (20, (3, 2), None, 5),  # as few as one machine each
        (4, (3, 2), None, 4),
        (20, (8, 7), 4, 3),  # of one type each: 2 and 1, not 15 machines for 3 and a rest
        (20, (8, 3), 4, 3),  # the quota of 3 makes a fleet of 3
        (20, (8, 0), 4, 2),
        (20, (8, 7), 100, 2),
        (20, (0, 0), 4, 0),
        (20, (0, 0), None, 0),
        (None, (3, 2), None, 5),
        (20, (3, None), None, 20),
        (None, (None, None), 4, None),
    ],
)
def test_fleets_have_quotas_of_their_own(
    training: int | None, processing: tuple[int | None, int | None], instances: int | None, allowed: int | None
) -> None:
    types = ("ml.m6i.xlarge", "ml.m5.xlarge")
    given = {QUOTA: training, **dict(zip(map(processing_quota, types), processing, strict=True))}
    pages = Pages({name: float(value) for name, value in given.items() if value is not None})
    assert allowed_at_a_time(as_client(pages), [QUOTA], types, instances=instances) == allowed


@pytest.mark.parametrize(
    ("document", "enabled", "instances", "together"),
    [
        ({}, True, None, 2),
        ({}, True, 2, 1),
        ({}, False, None, 3),
        ({"fleet": True}, False, 2, 1),
        ({"fleet": 1}, False, 2, 2),
        ({"fleet": False}, True, 2, 3),
    ],
)
def test_the_fleets_quota_counts_for_runs_that_have_one(
    s3: "S3Client", document: dict[str, Any], enabled: bool, instances: int | None, together: int
) -> None:
    fleet = FleetDefaults(enabled=enabled, instances=instances)
    environment = replace(ENVIRONMENT, fleet=fleet, fleet_types=("ml.m5.xlarge",))
    quotas = Pages({QUOTA: 20, processing_quota("ml.m5.xlarge"): 2})
    plan = plan_partitions(execution(document), environment=environment, quotas=quotas, s3=s3)
    assert plan["max_concurrency"] == together


def test_names_that_cannot_be_used_are_listed_apart(s3: "S3Client") -> None:
    for name in ("DE", "UK & IE"):
        s3.put_object(Bucket=DATA_BUCKET, Key=f"demand/partition={name}/a.csv", Body=b"x")
    plan = planned(s3, {}, partitions=None)
    assert plan["count"] == 1
    found = json.loads(s3.get_object(Bucket=FORECAST_BUCKET, Key=plan["unusable"])["Body"].read())
    assert found == ["UK & IE"]
