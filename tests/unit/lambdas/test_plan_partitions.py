"""The runs that an execution of all partitions starts, and the input that it rejects."""

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
from lambdas.plan_partitions.limits import allowed_concurrency
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, DATA_BUCKET, FORECAST_BUCKET
from tests.unit.lambdas.test_plan import ENVIRONMENT as OF_A_RUN
from tests.unit.lambdas.test_plan import planned as planned_run
from tests.unit.lambdas.test_preflight import Pages

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
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
# Step Functions forbids these characters in names.
FORBIDDEN = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")


def execution(document: object, *, name: str = "3f0c") -> dict[str, Any]:
    return {"id": f"{ARN}:{name}", "name": name, "started_at": "2026-11-18T09:30:05.123Z", "input": document}


def planned(s3: "S3Client", document: object, *, quota: int | None = None, **changes: Any) -> Any:
    quotas = Pages({} if quota is None else {QUOTA: quota})
    return plan_partitions(execution(document), environment=replace(ENVIRONMENT, **changes), quotas=quotas, s3=s3)


def items(s3: "S3Client", plan: dict[str, Any]) -> list[dict[str, Any]]:
    return list(json.load(s3.get_object(Bucket=FORECAST_BUCKET, Key=plan["items"])["Body"]))


def test_each_partition_is_an_item_with_the_input_of_its_run(s3: "S3Client") -> None:
    run_keys = {"cutoff": "2026-11-16", "force": True, "config": {"horizon": 4}}
    plan = planned(s3, {**run_keys, "partitions": ["FR", "AT", "FR"]})
    folder = "partitions/execution=3f0c/"
    assert plan == {"items": f"{folder}items.json", "count": 2, "max_concurrency": 2, "invalid_names": None}
    assert items(s3, plan) == [
        {
            "partition": name,
            "name": execution_name(name, f"{ARN}:3f0c"),
            "input": {**run_keys, "partition": name, PARENT: f"{ARN}:3f0c"},
            "outcome": f"{folder}outcomes/{name}.json",
        }
        for name in ("AT", "FR")
    ]


def test_the_plan_accepts_the_input_of_each_item(s3: "S3Client") -> None:
    plan = planned(s3, {"cutoff": "2026-11-16", "force": True, "config": {"horizon": 4}})
    for item in items(s3, plan):
        run = planned_run(item["input"], s3, partitioned=True)
        assert (run.partition, run.parent, run.cutoff) == (item["partition"], f"{ARN}:3f0c", "2026-11-16")


@pytest.mark.parametrize("document", [{}, {"scheduled_time": "2026-11-16T05:00:00Z"}, {"mode": "infer"}])
def test_all_partitions_run_by_default(s3: "S3Client", document: dict[str, Any]) -> None:
    assert [item["partition"] for item in items(s3, planned(s3, document))] == ["AT", "DE", "FR"]


def test_an_execution_started_by_another_is_the_parent_of_its_runs(s3: "S3Client") -> None:
    (item, *_) = items(s3, planned(s3, {PARENT: "arn:grandparent"}))
    assert item["input"][PARENT] == f"{ARN}:3f0c"


@pytest.mark.parametrize(
    ("max_concurrency", "quota", "together"),
    [(2, None, 2), (20, None, 3), (20, 2, 2), (2, 100, 2), (20, 1, 1), (20, 0, 1), (1, None, 1)],
)
def test_the_quota_limits_the_concurrency(
    s3: "S3Client", max_concurrency: int, quota: int | None, together: int
) -> None:
    assert planned(s3, {}, quota=quota, max_concurrency=max_concurrency)["max_concurrency"] == together


def test_the_states_data_stay_small_for_many_partitions(s3: "S3Client") -> None:
    names = [f"{number:05}{'x' * 59}" for number in range(5_000)]
    plan = planned(s3, {}, partitions=names, max_concurrency=1_000)
    assert (plan["count"], plan["max_concurrency"]) == (5_000, 1_000)
    assert len(json.dumps(plan)) < 300
    assert [item["partition"] for item in items(s3, plan)] == names


def test_execution_names_are_unique_and_leave_room_for_the_counter() -> None:
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
    # Step Functions logs no other executions.
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", name) for name in names)


def test_a_repeated_plan_is_the_same(s3: "S3Client") -> None:
    first = planned(s3, {})
    before = items(s3, first)
    assert planned(s3, {}) == first
    assert items(s3, first) == before


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], 'input: [] is not an object; start with {} or {"partitions": ["..."]}'),
        ("{}", 'input: "{}" is not an object'),
        (None, "input: null is not an object"),
        ({"cutof": "2026-11-16"}, 'input: unknown key "cutof", did you mean cutoff? (known: config, cutoff, fleet, '),
        ({"partition": "DE"}, 'input: unknown key "partition", did you mean partitions?'),
        ({"publish": "onejob-dev-1"}, 'input: unknown key "publish"'),
        ({"partitions": "DE"}, "input: partitions is not a list of names"),
        ({"partitions": []}, "input: partitions is not a list of names"),
        ({"partitions": ["DE", 5]}, "input: partitions is not a list of names"),
        ({"partitions": None}, "input: partitions is not a list of names"),
        ({"partitions": ["DE", "XX"]}, "input: there is no partition XX"),
        ({"partitions": list("abcde")}, "input: there is no partition a, b, c and 2 more"),
        ({"partitions": ["D E\n"]}, 'input: there is no partition "D E\\n"'),
        ({"cutoff": "16.11.2026"}, 'cutoff "16.11.2026" is not the label of a period; write it as 2026-11-16'),
        ({"cutoff": "2026-11-17"}, "cutoff 2026-11-17 (Tuesday) is not a period of W-MON; use 2026-11-16"),
        ({"cutoff": "2026-11-23"}, "cutoff 2026-11-23 is in the future (today is 2026-11-18)"),
        ({"scheduled_time": "soon"}, 'scheduled_time "soon" is not a time with a zone'),
        ({"scheduled_time": "2026-11-16T05:00:00Z", "cutoff": "2026-11-16"}, "both decide the cutoff"),
        (
            {"scheduled_time": "2026-11-16T05:00:00Z", "config": {"frequency": "1"}},
            "a scheduled run needs 15min, 30min, h, D, B, W-MON",
        ),
        ({"mode": "predict"}, 'mode "predict" is not train or infer'),
        ({"force": "yes"}, 'force "yes" is not true or false'),
        ({"fleet": 4}, "fleet: this environment has no fleet"),
        ({"fleet": 101}, "fleet 101 is not true, false, or 1 to 100 instances"),
        ({"config": {"horizn": 8}}, 'config: unknown key "horizn", did you mean horizon?'),
        ({"config": {"horizon": 0}}, "config.horizon 0 is not a whole number"),
        ({"config": {"cutoff": "2026-11-16"}}, "config.cutoff: cutoff is not a key of config"),
    ],
)
def test_invalid_input_is_rejected_once_and_nothing_is_started(s3: "S3Client", document: object, expected: str) -> None:
    with pytest.raises(InputError, match=re.escape(expected)) as error:
        planned(s3, document)
    assert "\n" not in str(error.value)
    assert type(error.value).__name__ == "InputError"  # ExplainFailure uses this name
    assert "Contents" not in s3.list_objects_v2(Bucket=FORECAST_BUCKET)


def test_all_problems_are_reported_together(s3: "S3Client") -> None:
    with pytest.raises(InputError) as error:
        planned(s3, {"cutof": 1, "partitions": 5, "cutoff": "x", "config": {"horizn": 1}})
    assert all(
        word in str(error.value)
        for word in ('"cutof"', "not a list of names", '"x" is not the label of a period', "horizn")
    )


def test_the_input_can_ask_for_the_environments_fleet(s3: "S3Client") -> None:
    plan = planned(s3, {"fleet": 4}, fleet=FleetDefaults(enabled=False, instances=None))
    assert all(item["input"]["fleet"] == 4 for item in items(s3, plan))


def test_without_demand_the_error_names_the_prefix(s3: "S3Client") -> None:
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
        ("MAX_CONCURRENCY", "20"),
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


def test_an_unreadable_quota_stops_nothing() -> None:
    class Denied(Pages):
        def paginate(self, **_request: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListServiceQuotas")

    assert allowed_concurrency(as_client(Denied()), [QUOTA], ["ml.m5.xlarge"]) is None


def test_the_quotas_of_several_choices_add_up() -> None:
    assert allowed_concurrency(as_client(Pages({"a": 3.0, "b": 4.0})), ["a", "b"]) == 7


@pytest.mark.parametrize(
    ("training", "processing", "instances", "allowed"),
    [
        (20, (3, 2), None, 5),  # one instance each
        (4, (3, 2), None, 4),
        (20, (8, 7), 4, 3),  # each fleet has one type: 2 + 1 fleets, not 15 instances for 3
        (20, (8, 3), 4, 3),  # the quota of 3 reduces the fleet to 3
        (20, (8, 0), 4, 2),
        (20, (8, 7), 100, 2),
        (20, (0, 0), 4, 0),
        (20, (0, 0), None, 0),
        (None, (3, 2), None, 5),
        (20, (3, None), None, 20),
        (None, (None, None), 4, None),
    ],
)
def test_a_fleets_quota_limits_the_concurrency(
    training: int | None, processing: tuple[int | None, int | None], instances: int | None, allowed: int | None
) -> None:
    types = ("ml.m6i.xlarge", "ml.m5.xlarge")
    known_quotas = {QUOTA: training, **dict(zip(map(processing_quota, types), processing, strict=True))}
    pages = Pages({name: float(value) for name, value in known_quotas.items() if value is not None})
    assert allowed_concurrency(as_client(pages), [QUOTA], types, instances=instances) == allowed


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
def test_the_fleets_quota_counts_only_for_runs_with_a_fleet(
    s3: "S3Client", document: dict[str, Any], enabled: bool, instances: int | None, together: int
) -> None:
    fleet = FleetDefaults(enabled=enabled, instances=instances)
    environment = replace(ENVIRONMENT, fleet=fleet, fleet_types=("ml.m5.xlarge",))
    quotas = Pages({QUOTA: 20, processing_quota("ml.m5.xlarge"): 2})
    plan = plan_partitions(execution(document), environment=environment, quotas=quotas, s3=s3)
    assert plan["max_concurrency"] == together


def test_invalid_names_are_listed_separately(s3: "S3Client") -> None:
    for name in ("DE", "UK & IE"):
        s3.put_object(Bucket=DATA_BUCKET, Key=f"demand/partition={name}/a.csv", Body=b"x")
    plan = planned(s3, {}, partitions=None)
    assert plan["count"] == 1
    found = json.loads(s3.get_object(Bucket=FORECAST_BUCKET, Key=plan["invalid_names"])["Body"].read())
    assert found == ["UK & IE"]
