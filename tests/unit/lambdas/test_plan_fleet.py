"""The fleet is planned for what is left of what was handed over, with what earlier runs tell."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

import lambdas.plan_fleet.handler as module
from contract.environments.before_job import PlanFleetEnvironment
from contract.function_errors import IncompleteRun
from lambdas.plan_fleet.fleet import BELIEVED, BELIEVED_RATE
from lambdas.plan_fleet.handler import measured_rate
from lambdas.plan_fleet.handler import plan_fleet as typed_plan_fleet
from lambdas.shared.registry_record import Attempt, Run
from lambdas.shared.registry_table import RunTable
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, FORECAST_BUCKET, TABLE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Tests give the keys that a function reads, and no whole state.
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
    """The state of an execution that settles the number of machines."""
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
    """Chunks of 4 MB; the first so many have been forecast."""
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
    given = known if quotas is None else quotas
    return plan_fleet(state, environment=replace(environment, **changes), runs=runs, quotas=given, s3=s3)


def earlier(cutoff: str, speed: float | None, *, fleet: str | None = None, job: str = OTHER) -> Run:
    """A run that was published, of the training job's machine alone or of a fleet."""
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


def test_all_that_was_handed_over_is_planned_for(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3)
    assert plan["chunks"] == f"{URI}{FOLDER}chunks/"
    assert plan["shared"] == f"{URI}{FOLDER}shared/"
    assert plan["model"] == f"{URI}models/partition=eu/run_id={RUN_ID}/"
    assert (plan["chunks"], plan["series"]) == (40, 200_000)
    assert (plan["instance_type"], plan["instances"]) == (TYPE, 1)
    assert plan["words"].startswith(f"1 x {TYPE}, about ")
    assert plan["cost_usd"] > 0
    assert plan["keeps_deadline"] is None
    assert plan["notes"] == []
    assert json.loads(json.dumps(plan)) == plan  # the state machine's data


def test_only_what_is_not_done_is_counted(s3: "S3Client") -> None:
    hand_over(s3, 40, done=30)
    put(s3, "failed/fleet-1/chunk-00035.json", {"reason": "poisoned"})
    left = planned(s3)
    assert (left["chunks"], left["series"]) == (10, 50_000)
    put(s3, "done/chunk-00035.json", {})
    assert planned(s3)["chunks"] == 9


def test_more_than_a_page_of_what_is_done(s3: "S3Client") -> None:
    hand_over(s3, 1_010, done=1_005)
    assert planned(s3)["chunks"] == 5


def test_what_another_run_has_done_does_not_count(s3: "S3Client") -> None:
    hand_over(s3, 4)
    other = FOLDER.replace("-1/", "-10/")
    s3.put_object(Bucket=FORECAST_BUCKET, Key=f"{other}completed/chunk-00000.json", Body=b"{}")
    assert planned(s3)["chunks"] == 4


@pytest.mark.parametrize("instances", [None, 3])
def test_where_all_is_done_one_instance_gathers(s3: "S3Client", instances: int | None) -> None:
    hand_over(s3, 20, done=20)
    plan = planned(s3, instances=instances)
    assert (plan["chunks"], plan["instances"]) == (0, 1)
    gathering = BELIEVED.gather_seconds + 20 * BELIEVED.gather_seconds_an_object
    assert plan["seconds"] == round(BELIEVED.startup_seconds + 20 * 4 / 100 + gathering)
    assert plan["notes"] == ["nothing is left to forecast, only to be gathered"]


def test_nothing_handed_over_names_what_is_missing(s3: "S3Client") -> None:
    with pytest.raises(IncompleteRun) as error:
        planned(s3)
    assert str(error.value).startswith(f"{URI}{FOLDER}shared/handover.json is not there: ")


@pytest.mark.parametrize(("done", "said"), [(0, "2 of 6"), (3, "1 of 3"), (5, None)])
def test_what_has_expired_and_is_not_done_is_named_before_a_machine_waits_for_it(
    s3: "S3Client", done: int, said: str | None
) -> None:
    hand_over(s3, 6, done=done)
    for number in (1, 4):
        s3.delete_object(Bucket=FORECAST_BUCKET, Key=f"{FOLDER}chunks/chunk-{number:05d}.tar")
    if said is None:
        assert planned(s3)["chunks"] == 1
        return
    with pytest.raises(IncompleteRun) as error:
        planned(s3)
    first = f"{URI}{FOLDER}chunks/chunk-{4 if done else 1:05d}.tar is not there, nor its forecasts: {said} chunks "
    assert str(error.value).startswith(first)


class Refusing:
    """S3, which lists what there is and lets nobody read it."""

    def __init__(self, s3: "S3Client", code: str) -> None:
        self._s3, self._code = s3, code

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object(self, **_asked: object) -> None:
        raise ClientError({"Error": {"Code": self._code}}, "GetObject")


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException", "SlowDown"])
def test_what_may_not_be_read_is_no_incomplete_run(s3: "S3Client", code: str) -> None:
    hand_over(s3, 1)
    with pytest.raises(ClientError, match=code):
        planned(as_client(Refusing(s3, code)))


def test_as_many_as_were_asked_for_but_no_more_than_objects(s3: "S3Client") -> None:
    hand_over(s3, 40)
    asked = planned(s3, instances=7)
    assert (asked["instances"], asked["notes"]) == (7, [])
    lowered = planned(s3, instances=64)
    assert lowered["instances"] == 40
    assert lowered["notes"] == ["64 instances asked for, 40 chunks are left: 40 used"]
    hand_over(s3, 40, done=38)
    assert planned(s3, instances=7)["notes"] == ["7 instances asked for, 2 chunks are left: 2 used"]


def test_as_many_as_the_deadline_takes(s3: "S3Client") -> None:
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
    assert late["notes"][0].startswith("no instance count keeps 7 minutes: ")
    assert "the quota of 1 instance makes it" in planned(s3, slow, deadline_minutes=17, quota=1)["notes"][0]


def test_what_all_share_is_on_every_disk(s3: "S3Client") -> None:
    hand_over(s3, 40, shared=4_500_000_000)
    assert planned(s3, volume_gb=10)["notes"] == []
    hand_over(s3, 40, shared=6_000_000_000)
    assert "a disk of 10 GB is too small" in planned(s3, volume_gb=10)["notes"][0]


def test_the_disk_is_each_instances_own(s3: "S3Client") -> None:
    hand_over(s3, 40)  # 160 MB
    assert planned(s3, volume_gb=50)["notes"] == []
    big = [{"number": each, "series": 1, "bytes": 10**9, "sha256": ""} for each in range(40)]
    put(s3, "shared/handover.json", {"chunks": big, "shared_bytes": 0})
    assert planned(s3, volume_gb=10)["instances"] == 5  # 8 GB each, and a quarter more
    for number in range(40):  # they are loaded though they are done
        put(s3, f"completed/chunk-{number:05d}.json", {})
    assert planned(s3, volume_gb=10)["instances"] == 5


def test_without_a_price_there_is_no_cost(s3: "S3Client") -> None:
    hand_over(s3, 40)
    assert planned(s3, hourly_prices={OTHER: 0.8})["cost_usd"] is None


def test_what_earlier_runs_tell_goes_before_what_is_believed() -> None:
    newer, older, oldest = (
        earlier("2026-11-16", 30, fleet=OTHER, job=TYPE),
        earlier("2026-11-09", 20, fleet=TYPE),
        earlier("2026-11-02", 10, fleet=TYPE),
    )
    for runs, speed, cutoff in (
        ([newer, older, oldest], 20, "2026-11-09"),
        ([newer], 30, "2026-11-16"),
        ([earlier("2026-11-16", 30), earlier("2026-11-09", 25)], 30, "2026-11-16"),
        # Where no fleet forecast, it is the training job's machine that did.
        ([earlier("2026-11-16", 30), earlier("2026-11-09", 25, job=TYPE)], 25, "2026-11-09"),
        ([earlier("2026-11-16", None, job=TYPE), earlier("2026-11-09", 0), oldest], 10, "2026-11-02"),
    ):
        rate = measured_rate(runs, TYPE)
        assert rate.series_per_second_per_core == speed
        assert rate.source == f"the run from {cutoff}"
        assert rate.measured


def test_a_run_that_nobody_published_tells_nothing() -> None:
    failed = replace(earlier("2026-11-16", 30, fleet=TYPE), published=None)
    assert measured_rate([failed, Run(partition="eu", cutoff="2026-11-09")], TYPE) is BELIEVED_RATE


def test_the_plan_says_what_it_rests_on(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3, earlier("2026-11-09", 2_000.5, fleet=TYPE))
    assert (plan["rate"], plan["rate_is_from"]) == (2_000.5, "the run from 2026-11-09")
    assert planned(s3)["rate_is_from"] == BELIEVED_RATE.source


def test_the_model_of_an_earlier_run_is_used_where_none_was_trained(s3: "S3Client") -> None:
    hand_over(s3, 1)
    model = {"run_id": "earlier", "sha256": "0" * 64, "prefix": "models/partition=eu/run_id=earlier/"}
    state = {**STATE, "plan": {**STATE["plan"], "model": model}}
    assert planned(s3, state=state)["model"] == f"{URI}models/partition=eu/run_id=earlier/"
    assert planned(s3)["model"].endswith(f"run_id={RUN_ID}/")


def test_each_type_has_a_number_of_its_own(s3: "S3Client") -> None:
    hand_over(s3, 64)
    types = (TYPE, "ml.m5.large")  # 16 cores, and 2
    slow = earlier("2026-11-09", 25, fleet=TYPE)
    plan = planned(s3, slow, instance_types=types, deadline_minutes=25)
    assert plan["instances_of_1"] > 4 * plan["instances_of_0"] > 0
    assert (plan["instance_type"], plan["instances"]) == (TYPE, plan["instances_of_0"])
    limited = planned(s3, instances=12, quotas={TYPE: 8, OTHER: 4})
    assert (limited["instances_of_0"], limited["instances_of_1"]) == (8, 4)


def test_that_the_last_type_would_be_waited_for_in_vain_is_told(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3, instances=4, quotas={TYPE: 4, OTHER: 0})
    (note,) = plan["notes"]
    assert note.startswith(f"0 {OTHER} for processing job usage: where what comes before it is used up")
    assert f'write fleet.instance_types = ["{TYPE}"]' in note
    assert plan["words"].startswith(f"4 x {TYPE}")


def test_a_type_that_may_not_run_is_not_what_is_told_of(s3: "S3Client") -> None:
    hand_over(s3, 40)
    plan = planned(s3, earlier("2026-11-09", 20, fleet=OTHER), instances=12, quotas={TYPE: 0, OTHER: 4})
    assert (plan["instances_of_0"], plan["instances_of_1"]) == (1, 4)
    assert (plan["instance_type"], plan["instances"], plan["rate"]) == (OTHER, 4, 20)
    assert plan["words"].startswith(f"4 x {OTHER}, about ")
    notes = [f"{TYPE} is passed over: its quota is 0", "12 instances asked for, the quota is 4: 4 used"]
    assert plan["notes"] == notes
    neither = planned(s3, quotas={TYPE: 0, OTHER: 0})
    assert (neither["instance_type"], neither["instances"]) == (TYPE, 1)
    assert neither["notes"] == ["the quota lets no instance run until it is raised"]


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
    """The function's clients, of which tests give Service Quotas."""
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
    assert plan["notes"] == ["12 instances asked for, the quota is 8: 8 used"]


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
def test_a_quota_that_is_not_known_stops_nothing(
    deployed: dict[str, Any], s3: "S3Client", answer: dict[str, float] | Exception
) -> None:
    deployed["service-quotas"] = Quotas(answer)
    hand_over(s3, 40)
    plan = handle(asking(12), CONTEXT)
    assert (plan["instances"], plan["notes"]) == (12, [])


def test_what_was_handed_over_is_noted_for_a_later_execution(
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


def test_what_could_not_be_planned_for_is_offered_all_the_same(
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
