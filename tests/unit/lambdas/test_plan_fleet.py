"""The fleet is planned for the remaining chunks, with the throughput of earlier runs."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

import lambdas.plan_fleet.handler as module
from contract.environments.before_job import PlanFleetEnvironment
from contract.function_errors import IncompleteRun
from lambdas.plan_fleet.fleet import DEFAULT_ASSUMPTIONS, DEFAULT_RATE
from lambdas.plan_fleet.handler import measured_rate
from lambdas.plan_fleet.handler import plan_fleet as typed_plan_fleet
from lambdas.shared.registry_record import Attempt, Run
from lambdas.shared.registry_table import RunTable
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, FORECAST_BUCKET, TABLE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
plan_fleet: Any = typed_plan_fleet
handle: Any = module.handler

RUN_ID = "onejob-dev-20261116-060000-0123abcd-1"
FOLDER = f"handover/partition=eu/run_id={RUN_ID}/"
URI = f"s3://{FORECAST_BUCKET}/"
EXECUTION = "arn:aws:states:eu-central-1:123456789012:execution:onejob-dev-forecast:3f0c"
STATE: dict[str, Any] = {
    "execution": {"id": EXECUTION},
    "plan": {"partition": "eu", "model": None, "fleet_instances": None},
    "claim": {"cutoff": "2026-11-16"},
    "job": {"name": RUN_ID},
}


def asking(instances: int | None) -> dict[str, Any]:
    """The state of an execution with a requested number of instances."""
    return {**STATE, "plan": {**STATE["plan"], "fleet_instances": instances}}


TYPE, OTHER = "ml.m5.4xlarge", "ml.c5.4xlarge"
ENVIRONMENT = PlanFleetEnvironment(
    deployment="onejob-dev",
    table=TABLE,
    forecast_bucket=FORECAST_BUCKET,
    instance_types=(TYPE, OTHER),
    deadline_minutes=None,
    volume_gb=50,
    hourly_prices={TYPE: 0.9, OTHER: 0.8},
)
QUOTA = f"{TYPE} for processing job usage"


def hand_over(s3: "S3Client", chunks: int, *, series: int = 5_000, done: int = 0, shared: int = 0) -> None:
    """Write a handover with chunks of 4 MB; the first `done` chunks are forecast."""
    listed = [{"number": each, "series": series, "bytes": 4_000_000, "sha256": "0" * 64} for each in range(chunks)]
    put(s3, "shared/handover.json", {"chunks": listed, "shared_bytes": shared})
    for number in range(chunks):
        put(s3, f"chunks/chunk-{number:05d}.tar", {})
    for number in range(done):
        put(s3, f"completed/chunk-{number:05d}.json", {})


def put(s3: "S3Client", name: str, content: object) -> None:
    s3.put_object(Bucket=FORECAST_BUCKET, Key=FOLDER + name, Body=json.dumps(content).encode())


def planned(
    s3: "S3Client",
    *runs: Run,
    environment: PlanFleetEnvironment = ENVIRONMENT,
    quota: int | None = None,
    quotas: Mapping[str, int] | None = None,
    state: Mapping[str, Any] = STATE,
    instances: int | None = None,
    **changes: Any,
) -> Any:
    state = asking(instances) if instances is not None else state
    known = {TYPE: quota} if quota is not None else {}
    known_quotas = known if quotas is None else quotas
    return plan_fleet(state, environment=replace(environment, **changes), runs=runs, quotas=known_quotas, s3=s3)


def earlier(cutoff: str, speed: float | None, *, fleet: str | None = None, job: str = OTHER) -> Run:
    """A published run that the training job or a fleet forecast."""
    details: dict[str, Any] = {"job": {"instance_type": job}}
    details |= {"inference": {"series_per_second_per_core": speed}} if speed is not None else {}
    details |= {"fleet": {"instance_type": fleet}} if fleet else {}
    attempt = Attempt(
        number=1,
        execution="arn:x",
        started_by="schedule",
        started_at=cutoff,
        fingerprint="fingerprint",
        status="published",
        details=details,
    )
    return Run(partition="eu", cutoff=cutoff, attempts=(attempt,), published=1)


def test_the_whole_handover_is_planned(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3)
    assert plan["chunks"] == f"{URI}{FOLDER}chunks/"
    assert plan["shared"] == f"{URI}{FOLDER}shared/"
    assert plan["model"] == f"{URI}models/partition=eu/run_id={RUN_ID}/"
    assert (plan["chunk_count"], plan["series"]) == (40, 200_000)
    assert (plan["instance_type"], plan["instances"]) == (TYPE, 1)
    assert plan["words"].startswith(f"1 x {TYPE}, about ")
    assert plan["cost_usd"] > 0
    assert plan["keeps_deadline"] is None
    assert plan["notes"] == []
    assert json.loads(json.dumps(plan)) == plan  # the state machine's data


def test_completed_chunks_do_not_count(s3: "S3Client") -> None:
    hand_over(s3, 40, done=30)
    put(s3, "failures/fleet-1/chunk-00035.json", {"reason": "poisoned"})
    left = planned(s3)
    assert (left["chunk_count"], left["series"]) == (10, 50_000)
    put(s3, "completed/chunk-00035.json", {})
    assert planned(s3)["chunk_count"] == 9


def test_more_than_a_page_of_completed_chunks(s3: "S3Client") -> None:
    hand_over(s3, 1_010, done=1_005)
    assert planned(s3)["chunk_count"] == 5


def test_chunks_of_another_run_do_not_count(s3: "S3Client") -> None:
    hand_over(s3, 4)
    other = FOLDER.replace("-1/", "-10/")
    s3.put_object(Bucket=FORECAST_BUCKET, Key=f"{other}completed/chunk-00000.json", Body=b"{}")
    assert planned(s3)["chunk_count"] == 4


@pytest.mark.parametrize("instances", [None, 3])
def test_one_instance_gathers_if_all_chunks_are_done(s3: "S3Client", instances: int | None) -> None:
    hand_over(s3, 20, done=20)
    plan = planned(s3, instances=instances)
    assert (plan["chunk_count"], plan["instances"]) == (0, 1)
    gathering = DEFAULT_ASSUMPTIONS.gather_seconds + 20 * DEFAULT_ASSUMPTIONS.gather_seconds_per_chunk
    assert plan["seconds"] == round(DEFAULT_ASSUMPTIONS.startup_seconds + 20 * 4 / 100 + gathering)
    assert plan["notes"] == ["no chunks are left to forecast, the fleet only gathers the results"]


def test_a_missing_handover_is_named(s3: "S3Client") -> None:
    with pytest.raises(IncompleteRun) as error:
        planned(s3)
    assert str(error.value).startswith(f"{URI}{FOLDER}shared/handover.json is missing: ")


@pytest.mark.parametrize(("done", "expected"), [(0, "2 of 6"), (3, "1 of 3"), (5, None)])
def test_missing_chunks_are_named_before_a_fleet_starts(s3: "S3Client", done: int, expected: str | None) -> None:
    hand_over(s3, 6, done=done)
    for number in (1, 4):
        s3.delete_object(Bucket=FORECAST_BUCKET, Key=f"{FOLDER}chunks/chunk-{number:05d}.tar")
    if expected is None:
        assert planned(s3)["chunk_count"] == 1
        return
    with pytest.raises(IncompleteRun) as error:
        planned(s3)
    first = f"{URI}{FOLDER}chunks/chunk-{4 if done else 1:05d}.tar and its forecasts are missing: {expected} chunks "
    assert str(error.value).startswith(first)


class Refusing:
    """S3 that lists objects but denies reading them."""

    def __init__(self, s3: "S3Client", code: str) -> None:
        self._s3, self._code = s3, code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **_asked: object) -> None:
        raise ClientError({"Error": {"Code": self._code}}, "GetObject")


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException", "SlowDown"])
def test_a_read_error_is_not_an_incomplete_run(s3: "S3Client", code: str) -> None:
    hand_over(s3, 1)
    with pytest.raises(ClientError, match=code):
        planned(as_client(Refusing(s3, code)))


def test_the_requested_number_is_limited_by_the_chunks(s3: "S3Client") -> None:
    hand_over(s3, 40)
    asked = planned(s3, instances=7)
    assert (asked["instances"], asked["notes"]) == (7, [])
    lowered = planned(s3, instances=64)
    assert lowered["instances"] == 40
    assert lowered["notes"] == ["64 instances requested, but 40 chunks are left; the fleet uses 40"]
    hand_over(s3, 40, done=38)
    assert planned(s3, instances=7)["notes"] == ["7 instances requested, but 2 chunks are left; the fleet uses 2"]


def test_the_deadline_decides_the_number(s3: "S3Client") -> None:
    # 64 chunks of 200 seconds: four rounds of 16 cores.
    hand_over(s3, 64)
    slow = earlier("2026-11-09", 25, fleet=TYPE)
    assert planned(s3, slow)["instances"] == 1
    soon = planned(s3, slow, deadline_minutes=17)
    assert soon["instances"] == 2
    assert soon["keeps_deadline"] is True
    assert soon["seconds"] <= 1_000
    late = planned(s3, slow, deadline_minutes=7)
    assert late["keeps_deadline"] is False
    assert late["notes"][0].startswith("no number of instances meets the deadline of 7 minutes: ")
    assert (
        "with the quota of 1 instance, the fleet takes" in planned(s3, slow, deadline_minutes=17, quota=1)["notes"][0]
    )


def test_shared_files_are_on_every_disk(s3: "S3Client") -> None:
    hand_over(s3, 40, shared=4_500_000_000)
    assert planned(s3, volume_gb=10)["notes"] == []
    hand_over(s3, 40, shared=6_000_000_000)
    assert "a disk of 10 GB is too small" in planned(s3, volume_gb=10)["notes"][0]


def test_each_instance_has_its_own_disk(s3: "S3Client") -> None:
    hand_over(s3, 40)  # 160 MB
    assert planned(s3, volume_gb=50)["notes"] == []
    big = [{"number": each, "series": 1, "bytes": 10**9, "sha256": ""} for each in range(40)]
    put(s3, "shared/handover.json", {"chunks": big, "shared_bytes": 0})
    assert planned(s3, volume_gb=10)["instances"] == 5  # 8 GB each, and a quarter more
    for number in range(40):  # completed chunks are loaded too
        put(s3, f"completed/chunk-{number:05d}.json", {})
    assert planned(s3, volume_gb=10)["instances"] == 5


def test_without_a_price_there_is_no_cost(s3: "S3Client") -> None:
    hand_over(s3, 40)
    assert planned(s3, hourly_prices={OTHER: 0.8})["cost_usd"] is None


def test_measured_throughput_replaces_the_assumption() -> None:
    newer, older, oldest = (
        earlier("2026-11-16", 30, fleet=OTHER, job=TYPE),
        earlier("2026-11-09", 20, fleet=TYPE),
        earlier("2026-11-02", 10, fleet=TYPE),
    )
    for runs, speed, cutoff in (
        ([newer, older, oldest], 20, "2026-11-09"),
        ([newer], 30, "2026-11-16"),
        ([earlier("2026-11-16", 30), earlier("2026-11-09", 25)], 30, "2026-11-16"),
        # Without a fleet, the training job's instance forecast.
        ([earlier("2026-11-16", 30), earlier("2026-11-09", 25, job=TYPE)], 25, "2026-11-09"),
        ([earlier("2026-11-16", None, job=TYPE), earlier("2026-11-09", 0), oldest], 10, "2026-11-02"),
    ):
        rate = measured_rate(runs, TYPE)
        assert rate.series_per_second_per_core == speed
        assert rate.source == f"the run from {cutoff}"
        assert rate.measured


def test_an_unpublished_run_has_no_throughput() -> None:
    failed = replace(earlier("2026-11-16", 30, fleet=TYPE), published=None)
    assert measured_rate([failed, Run(partition="eu", cutoff="2026-11-09")], TYPE) is DEFAULT_RATE


def test_the_plan_names_the_source_of_its_throughput(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3, earlier("2026-11-09", 2_000.5, fleet=TYPE))
    assert (plan["rate"], plan["rate_is_from"]) == (2_000.5, "the run from 2026-11-09")
    assert planned(s3)["rate_is_from"] == DEFAULT_RATE.source


def test_the_model_of_an_earlier_run_is_used_for_mode_infer(s3: "S3Client") -> None:
    hand_over(s3, 1)
    model = {"run_id": "earlier", "sha256": "0" * 64, "prefix": "models/partition=eu/run_id=earlier/"}
    state = {**STATE, "plan": {**STATE["plan"], "model": model}}
    assert planned(s3, state=state)["model"] == f"{URI}models/partition=eu/run_id=earlier/"
    assert planned(s3)["model"].endswith(f"run_id={RUN_ID}/")


def test_each_type_has_its_own_number(s3: "S3Client") -> None:
    hand_over(s3, 64)
    types = (TYPE, "ml.m5.large")  # 16 cores, and 2
    slow = earlier("2026-11-09", 25, fleet=TYPE)
    plan = planned(s3, slow, instance_types=types, deadline_minutes=25)
    assert plan["instances_of_1"] > 4 * plan["instances_of_0"] > 0
    assert (plan["instance_type"], plan["instances"]) == (TYPE, plan["instances_of_0"])
    limited = planned(s3, instances=12, quotas={TYPE: 8, OTHER: 4})
    assert (limited["instances_of_0"], limited["instances_of_1"]) == (8, 4)


def test_a_note_warns_about_an_unusable_last_type(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3, instances=4, quotas={TYPE: 4, OTHER: 0})
    (note,) = plan["notes"]
    assert note.startswith(f"the quota {OTHER} for processing job usage is 0, so a job waits")
    assert f'set fleet.instance_types = ["{TYPE}"]' in note
    assert plan["words"].startswith(f"4 x {TYPE}")


def test_the_plan_skips_a_type_with_quota_0(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3, earlier("2026-11-09", 20, fleet=OTHER), instances=12, quotas={TYPE: 0, OTHER: 4})
    assert (plan["instances_of_0"], plan["instances_of_1"]) == (1, 4)
    assert (plan["instance_type"], plan["instances"], plan["rate"]) == (OTHER, 4, 20)
    assert plan["words"].startswith(f"4 x {OTHER}, about ")
    notes = [
        f"{TYPE} is skipped, because its quota is 0",
        "12 instances requested, but the quota is 4; the fleet uses 4",
    ]
    assert plan["notes"] == notes
    neither = planned(s3, quotas={TYPE: 0, OTHER: 0})
    assert (neither["instance_type"], neither["instances"]) == (TYPE, 1)
    assert neither["notes"] == ["the quota is 0, so no instance can start until it is raised"]


class Quotas:
    """Service Quotas with one page, or an error."""

    def __init__(self, answer: dict[str, float] | Exception) -> None:
        self._answer = answer

    def get_paginator(self, _name: str) -> "Quotas":
        return self

    def paginate(self, **_asked: object) -> list[dict[str, Any]]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return [{"Quotas": [{"QuotaName": name, "Value": value} for name, value in self._answer.items()]}]


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, s3: "S3Client", table: RunTable) -> dict[str, Any]:
    """The function's clients; tests set the one of Service Quotas."""
    for name, value in {
        "DEPLOYMENT": "onejob-dev",
        "FORECAST_BUCKET": FORECAST_BUCKET,
        "TABLE": TABLE,
        "INSTANCE_TYPES": json.dumps([TYPE, OTHER]),
        "DEADLINE_MINUTES": "",
        "VOLUME_GB": "50",
        "HOURLY_PRICES": json.dumps({TYPE: 0.9}),
    }.items():
        monkeypatch.setenv(name, value)
    clients = {"s3": s3, "dynamodb": table._client, "service-quotas": Quotas({})}
    monkeypatch.setattr(module, "_client", clients.__getitem__)
    return clients


def test_the_handler_end_to_end(deployed: dict[str, Any], s3: "S3Client", table: RunTable) -> None:
    hand_over(s3, 40)
    table.change("eu", "2026-11-09", lambda _: earlier("2026-11-09", 1_234.5, fleet=TYPE))
    table.change("us", "2026-11-16", lambda _: replace(earlier("2026-11-16", 9, fleet=TYPE), partition="us"))
    deployed["service-quotas"] = Quotas({QUOTA: 8.0, f"{TYPE} for training job usage": 2.0})
    plan = handle(asking(12), CONTEXT)
    assert (plan["instances"], plan["rate"]) == (8, 1_234.5)
    assert plan["notes"] == ["12 instances requested, but the quota is 8; the fleet uses 8"]


def test_auto_by_a_deadline_through_the_environment(
    deployed: dict[str, Any], s3: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deployed
    hand_over(s3, 64, series=5_000_000)  # 370 seconds each
    assert (handle(STATE, CONTEXT)["instances"]) == 1
    monkeypatch.setenv("DEADLINE_MINUTES", "30")
    plan = handle(STATE, CONTEXT)
    assert plan["instances"] == 2
    assert plan["keeps_deadline"] is True
    assert 900 < plan["seconds"] <= 1_800


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {f"{TYPE} for training job usage": 2.0},
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListServiceQuotas"),
        EndpointConnectionError(endpoint_url="https://servicequotas"),
    ],
)
def test_an_unknown_quota_stops_nothing(
    deployed: dict[str, Any], s3: "S3Client", answer: dict[str, float] | Exception
) -> None:
    deployed["service-quotas"] = Quotas(answer)
    hand_over(s3, 40)
    plan = handle(asking(12), CONTEXT)
    assert (plan["instances"], plan["notes"]) == (12, [])


def test_the_handover_is_recorded_for_a_later_execution(
    deployed: dict[str, Any], s3: "S3Client", table: RunTable
) -> None:
    assert deployed
    hand_over(s3, 4)
    mine = Attempt(
        number=1, execution=EXECUTION, started_by="manual", started_at="2026-11-16T06:00:00+00:00", fingerprint="f"
    )
    table.change("eu", "2026-11-16", lambda run: replace(run, attempts=(mine,)))
    handle(STATE, CONTEXT)
    (noted,) = table.get("eu", "2026-11-16").attempts
    assert noted.details == {"handover_job": RUN_ID}


def test_the_handover_is_recorded_even_if_the_plan_fails(
    deployed: dict[str, Any], s3: "S3Client", table: RunTable
) -> None:
    hand_over(s3, 4)
    deployed["s3"] = Refusing(s3, "AccessDenied")
    mine = Attempt(
        number=1, execution=EXECUTION, started_by="manual", started_at="2026-11-16T06:00:00+00:00", fingerprint="f"
    )
    table.change("eu", "2026-11-16", lambda run: replace(run, attempts=(mine,)))
    with pytest.raises(ClientError):
        handle(STATE, CONTEXT)
    (noted,) = table.get("eu", "2026-11-16").attempts
    assert noted.details == {"handover_job": RUN_ID}
