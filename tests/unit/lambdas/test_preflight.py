"""Each preflight check, and all of them together."""

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from contract.environments.before_job import JobInstance, PreflightEnvironment
from contract.function_errors import PreflightFailed
from contract.model_format import IMAGE_VARIABLE
from contract.quotas import processing_quota, training_quota
from lambdas.preflight import handler as module
from lambdas.preflight.check_results import CheckResult, ok, run_check
from lambdas.preflight.demand import check_demand as typed_check_demand
from lambdas.preflight.handler import preflight as typed_preflight
from lambdas.preflight.image import OTHERS, TAKEN, check_image, readable_format
from lambdas.preflight.model import check_model as typed_check_model
from lambdas.preflight.quotas import check_quotas
from lambdas.preflight.storage import check_buckets, check_key
from lambdas.preflight.time_budget import check_time
from lambdas.shared.registry_record import Attempt, Run
from tests.stand_ins import as_client
from tests.unit.lambdas.conftest import CONTEXT, DATA_BUCKET, FORECAST_BUCKET

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client

# The tests' states have only the keys that a function reads.
check_demand: Any = typed_check_demand
check_model: Any = typed_check_model
preflight: Any = typed_preflight
handle: Any = module.handler

DEMAND = {"tables": 2, "bytes": 3_000_000, "newest": "2026-11-16T04:10:00+00:00"}
ON_DEMAND = JobInstance(instance_type="ml.m5.large", spot=False)
ON_SPOT = JobInstance(instance_type="ml.m5.large", spot=True)
QUOTA, SPOT_QUOTA = training_quota("ml.m5.large", spot=False), training_quota("ml.m5.large", spot=True)
URI = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/onejob:1"


def of_demand(cutoff: str | None = "2026-11-09", *, label: str = "start", **changes: Any) -> Any:
    settings = {"frequency": "W-MON", "volume_gb": 30, **changes}
    demand = {**DEMAND, **{name: settings.pop(name) for name in DEMAND if name in settings}}
    (found,) = check_demand(
        demand,
        date.fromisoformat(cutoff) if cutoff else None,
        uri="s3://data/demand/",
        period_label=label,
        time_zone="Europe/Berlin",
        **settings,
    )
    return found


def test_existing_demand_is_ok() -> None:
    assert of_demand() == ok("demand: 2 files, 0.003 GB, newest from 2026-11-16 04:10")
    assert of_demand(None).verdict == "ok"


def test_missing_demand_names_the_prefix() -> None:
    found = of_demand(tables=0)
    assert found.verdict == "failed"
    assert found.line.startswith(
        "demand: no files in s3://data/demand/; upload Parquet, CSV, JSON Lines or Arrow files"
    )


def test_empty_files_and_too_large_demand_fail() -> None:
    assert of_demand(bytes=0).line == "demand: all files in s3://data/demand/ are empty; upload them again"
    found = of_demand(bytes=31_000_000_000)
    assert found.line == "demand: 31 GB do not fit on a disk of 30 GB; raise training_job.volume_gb"


@pytest.mark.parametrize(
    ("newest", "cutoff", "label", "frequency", "verdict"),
    [
        ("2026-11-09T05:00:00+00:00", "2026-11-09", "start", "W-MON", "failed"),  # the delivery of last week
        ("2026-11-12T22:59:00+00:00", "2026-11-09", "start", "W-MON", "failed"),  # a minute before Friday in Berlin
        ("2026-11-12T23:00:00+00:00", "2026-11-09", "start", "W-MON", "ok"),  # closed on Saturday and Sunday
        ("2026-11-12T22:59:00+00:00", "2026-11-15", "end", "W-SUN", "failed"),  # the same week, by its last day
        ("2026-11-12T23:00:00+00:00", "2026-11-15", "end", "W-SUN", "ok"),
        ("2026-11-15T05:00:00+00:00", "2026-11-01", "start", "MS", "failed"),
        ("2026-11-28T05:00:00+00:00", "2026-11-01", "start", "MS", "ok"),
        ("2026-10-31T22:59:00+00:00", "2026-11-30", "end", "ME", "failed"),
        ("2026-11-10T05:00:00+00:00", "2026-11-13", "start", "D", "failed"),
        ("2026-11-13T05:00:00+00:00", "2026-11-13", "start", "D", "ok"),
        ("2026-11-02T22:59:00+00:00", "2026-11-09", "start", "W", "ok"),  # only the job will know its weekday
    ],
)
def test_demand_older_than_the_cutoff_period_fails(
    newest: str, cutoff: str, label: str, frequency: str, verdict: str
) -> None:
    found = of_demand(cutoff, label=label, newest=newest, frequency=frequency)
    assert found.verdict == verdict, found.line
    assert verdict == "ok" or "its demand is incomplete; upload the missing demand" in found.line


class Pages:
    """Service Quotas, page by page."""

    def __init__(self, *pages: dict[str, float]) -> None:
        self._pages, self.read = pages, 0

    def get_paginator(self, name: str) -> "Pages":
        assert name == "list_service_quotas"
        return self

    def paginate(self, **_asked: Any) -> Any:
        for page in self._pages:
            self.read += 1
            yield {"Quotas": [{"QuotaName": name, "Value": value} for name, value in page.items()]}


@pytest.mark.parametrize(
    ("spot", "on_demand", "verdict"), [(0, 0, "failed"), (0, 2, "ok"), (1, 0, "warning"), (0, None, "unknown")]
)
def test_one_usable_instance_type_is_enough(spot: float, on_demand: float | None, verdict: str) -> None:
    known_quotas = {SPOT_QUOTA: spot, QUOTA: on_demand}
    pages = Pages({name: value for name, value in known_quotas.items() if value is not None})
    (found,) = check_quotas(as_client(pages), [ON_SPOT, ON_DEMAND])
    assert found.verdict == verdict
    if verdict == "failed":
        assert found.line == (
            "quota: this account has 0 ml.m5.large for spot training job usage, 0 ml.m5.large for training job usage; "
            "ask for at least 1 of one of them in Service Quotas, Amazon SageMaker"
        )


@pytest.mark.parametrize(("first", "second", "verdict"), [(0, 0, "failed"), (0, 4, "ok"), (0, None, "unknown")])
def test_a_fleet_without_a_quota_fails(first: int, second: int | None, verdict: str) -> None:
    types = ("ml.m6i.2xlarge", "ml.m5.2xlarge")
    known_quotas = {processing_quota(name): value for name, value in zip(types, (first, second), strict=True)}
    pages = Pages({QUOTA: 1, **{name: value for name, value in known_quotas.items() if value is not None}})
    training, fleet = check_quotas(as_client(pages), [ON_DEMAND], types)
    assert (training.verdict, fleet.verdict) == ("ok", verdict)
    if verdict == "failed":
        assert fleet.line.startswith("quota: this account has 0 ml.m5.2xlarge for processing job usage, 0 ml.m6i.2xla")


def test_a_note_warns_about_an_unusable_last_type() -> None:
    types = ("ml.m6i.2xlarge", "ml.m5.2xlarge")
    pages = Pages({QUOTA: 1, **dict(zip(map(processing_quota, types), (4, 0), strict=True))})
    training, fleet = check_quotas(as_client(pages), [ON_DEMAND], types)
    assert (training.verdict, fleet.verdict) == ("ok", "warning")
    assert fleet.line.startswith("quota: the quota ml.m5.2xlarge for processing job usage is 0, so a job waits")
    assert 'set fleet.instance_types = ["ml.m6i.2xlarge"], or request at least 1 in Service Quotas' in fleet.line
    pages = Pages({SPOT_QUOTA: 1, QUOTA: 0})
    (training,) = check_quotas(as_client(pages), [ON_SPOT, ON_DEMAND])
    assert training.line.endswith("busy; request at least 1 in Service Quotas, Amazon SageMaker")


def test_a_note_is_returned_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [CheckResult("warning", "quota: a"), CheckResult("unknown", "time: b"), CheckResult("ok", "key: c")]
    monkeypatch.setattr(module, "preflight", lambda *_given, **_named: found)
    monkeypatch.setattr(PreflightEnvironment, "from_environment", lambda _variables: None)
    assert handle({"plan": {}}, CONTEXT) == {"notes": ["quota: a"], "unchecked": ["time: b"]}
    found.append(CheckResult("failed", "image: d"))
    with pytest.raises(PreflightFailed, match=r"^image: d$"):
        handle({"plan": {}}, CONTEXT)


ENVIRONMENT = PreflightEnvironment(
    deployment="onejob-dev",
    data_bucket="d",
    forecast_bucket="f",
    key="k",
    table="t",
    image=URI,
    instances=(ON_DEMAND,),
    fleet_types=("ml.m5.2xlarge",),
    volume_gb=30,
    max_runtime_minutes=60,
    time_zone="Europe/Berlin",
    period_label="start",
)
PLAN: dict[str, Any] = {
    "partition": "all",
    "cutoff": None,
    "demand": {**DEMAND, "uri": "s3://data/demand/"},
    "hyperparameters": {},
    "mode": "train",
    "model": None,
    "fleet": False,
}


def wrong_lines(plan: dict[str, Any], **clients: Any) -> list[str]:
    """Return Preflight's errors if only some services answer."""

    def client(service: str) -> Any:
        if service not in clients:
            raise ValueError(service)
        return clients[service]

    results = preflight(plan, environment=ENVIRONMENT, client=client)
    return [each.line.split(";")[0] for each in results if each.verdict == "failed"]


def test_the_fleets_quota_is_checked_only_for_a_run_with_a_fleet() -> None:
    for fleet, wrong in ((True, ["quota: this account has 0 ml.m5.2xlarge for processing job usage"]), (False, [])):
        pages = Pages({QUOTA: 1, processing_quota("ml.m5.2xlarge"): 0})
        assert wrong_lines({**PLAN, "fleet": fleet}, **{"service-quotas": pages}) == wrong


def test_the_model_of_a_run_without_training_is_checked(tmp_path: Path) -> None:
    registry = Registry.of({"architecture": "amd64", "config": {"Env": [f"{IMAGE_VARIABLE}=8"]}}, tmp_path)
    refused = "model: the model of run run-1 has format 7, the deployed image reads format 8"
    assert wrong_lines({**PLAN, "mode": "infer", "model": MODEL}, ecr=registry) == [refused]
    assert wrong_lines({**PLAN, "mode": "infer", "model": {**MODEL, "model_format": 8}}, ecr=registry) == []
    assert wrong_lines(PLAN, ecr=registry) == []


def test_the_search_ends_when_all_quotas_are_found() -> None:
    pages = Pages({"other": 1}, {QUOTA: 4}, {"other still": 1})
    assert check_quotas(as_client(pages), [ON_DEMAND])[0].line == "quota: 4 ml.m5.large for training job usage"
    assert pages.read == 2


class Registry:
    """ECR with one image, whose configuration is in a file."""

    class exceptions:  # noqa: N801 (as boto3 names it)
        class RepositoryNotFoundException(Exception):  # noqa: N818
            pass

    @classmethod
    def of(cls, config: dict[str, Any], folder: Path) -> "Registry":
        """Return a registry with a valid image."""
        (folder / "config").write_text(json.dumps(config))
        return cls({"mediaType": TAKEN, "config": {"digest": "sha256:1"}}, (folder / "config").as_uri())

    def __init__(self, manifest: dict[str, Any] | None, blob: str = "") -> None:
        self._manifest, self._blob = manifest, blob

    def batch_get_image(self, **asked: Any) -> dict[str, Any]:
        assert (asked["registryId"], asked["repositoryName"]) == ("123456789012", "onejob")
        if self._manifest is None:
            raise self.exceptions.RepositoryNotFoundException
        return {"images": [{"imageManifest": json.dumps(self._manifest)}] if self._manifest else []}

    def get_download_url_for_layer(self, **asked: Any) -> dict[str, str]:
        assert asked["layerDigest"] == "sha256:1"
        return {"downloadUrl": self._blob}


@pytest.mark.parametrize(("architecture", "verdict"), [("amd64", "ok"), ("arm64", "failed")])
def test_an_image_must_be_for_sagemakers_instances(tmp_path: Path, architecture: str, verdict: str) -> None:
    (found,) = check_image(as_client(Registry.of({"architecture": architecture}, tmp_path)), URI)
    assert found.verdict == verdict
    assert architecture in found.line


@pytest.mark.parametrize(
    ("manifest", "uri", "expected"),
    [
        (None, URI, "does not exist; deploy again"),
        ({}, URI, "does not exist; deploy again"),
        (
            {"mediaType": OTHERS[0], "manifests": []},
            URI,
            f"has the media type {OTHERS[0]}, but SageMaker accepts only {TAKEN}",
        ),
        ({"mediaType": OTHERS[1]}, URI, f"has the media type {OTHERS[1]}"),
        ({}, "docker.io/onejob:1", "is not the name of an image in ECR"),
    ],
)
def test_an_unusable_image_fails(manifest: dict[str, Any] | None, uri: str, expected: str) -> None:
    (found,) = check_image(as_client(Registry(manifest)), uri)
    assert found.verdict == "failed"
    assert expected in found.line


@pytest.mark.parametrize(
    ("config", "reads"),
    [
        ({"config": {"Env": ["PATH=/bin:/usr/bin", f"{IMAGE_VARIABLE}=7"]}}, 7),
        ({"config": {"Env": ["PATH=/bin:/usr/bin"]}}, None),
        ({"config": {"Env": [f"{IMAGE_VARIABLE}="]}}, None),
        ({"config": {"Env": None}}, None),
        ({}, None),
    ],
)
def test_an_image_declares_its_model_format(tmp_path: Path, config: dict[str, Any], reads: int | None) -> None:
    assert readable_format(as_client(Registry.of(config, tmp_path)), URI) == reads


MODEL = {"run_id": "run-1", "sha256": "a" * 64, "prefix": "models/", "model_format": 7}


@pytest.mark.parametrize(
    ("reads", "verdict", "line"),
    [
        (7, "ok", "model: the image reads format 7, the format of the model of run run-1"),
        (
            8,
            "failed",
            "model: the model of run run-1 has format 7, the deployed image reads format 8; start a run with "
            '{"mode": "train"}, or wait for the next training',
        ),
        (None, "unknown", "model: the image does not declare whether it reads format 7; the job checks this"),
    ],
)
def test_the_image_must_read_the_model(reads: int | None, verdict: str, line: str) -> None:
    assert vars(check_model(MODEL, reads=reads)) == {"verdict": verdict, "line": line}


def test_buckets(s3: "S3Client") -> None:
    found = check_buckets(s3, [DATA_BUCKET, FORECAST_BUCKET, "no-such-bucket"])
    assert [each.verdict for each in found] == ["ok", "ok", "failed"]
    assert found[2].line == "bucket: no-such-bucket does not exist; deploy the data stack again"


def test_the_states_of_a_key(kms: "KMSClient") -> None:
    created = kms.create_key()["KeyMetadata"]
    key = created["Arn"]
    assert check_key(kms, key) == [ok(f"key: {key} is enabled")]
    kms.disable_key(KeyId=created["KeyId"])
    assert check_key(kms, key)[0].line == f"key: {key} is Disabled; enable it in KMS"
    kms.schedule_key_deletion(KeyId=created["KeyId"])
    assert "scheduled for deletion; cancel the deletion" in check_key(kms, key)[0].line
    assert "does not exist; deploy" in check_key(kms, key.replace(key[-6:], "000000"))[0].line


def made(seconds: int | None, size: int | None, *, mode: str = "train", fleet: bool = False) -> Attempt:
    details: dict[str, Any] = {"job": {"seconds": seconds, "demand_bytes": size}} if seconds else {}
    details |= {"fleet": {"instances": 4} if fleet else None}
    return Attempt(
        number=1,
        execution="arn:1",
        started_by="schedule",
        started_at="t",
        fingerprint="f",
        status="published",
        details=details,
        mode=mode,
    )


def published(seconds: int | None, size: int | None) -> Run:
    return Run(partition="all", cutoff="2026-11-09", attempts=(made(seconds, size),), published=1)


@pytest.mark.parametrize(
    ("runs", "size", "verdict"),
    [
        ([], 100, "unknown"),
        (
            [Run(partition="all", cutoff="2026-11-16"), published(None, None)],
            100,
            "unknown",
        ),  # made before sizes were recorded
        ([published(None, None), published(1980, 100)], 100, "ok"),  # 33 minutes
        ([published(1980, 100)], 180, "ok"),  # 3 + 30 x 1.8 = 57 minutes
        ([published(1980, 100)], 200, "failed"),  # 3 + 30 x 2 = 63
        ([published(1980, 100)], 400, "failed"),
        ([published(1980, 100)], 401, "unknown"),  # a very different size
        ([published(20, 100)], 400, "ok"),  # shorter than the fixed duration
    ],
)
def test_the_expected_duration_is_checked(runs: list[Run], size: int, verdict: str) -> None:
    (found,) = check_time(runs, mode="train", fleet=False, demand_bytes=size, max_runtime_minutes=60)
    assert found.verdict == verdict, found.line
    assert verdict != "failed" or "raise max_runtime_minutes" in found.line


@pytest.mark.parametrize(
    ("mode", "fleet", "verdict"),
    [("train", False, "failed"), ("train", True, "ok"), ("infer", False, "ok"), ("infer", True, "unknown")],
)
def test_only_comparable_jobs_are_used_for_the_estimate(mode: str, fleet: bool, verdict: str) -> None:
    # The run was first trained and later forecast daily.
    daily = (made(5000, 100), made(600, 100, mode="infer"))
    handed_over = made(900, 100, fleet=True)
    runs = [
        Run(partition="all", cutoff="2026-11-16", attempts=(handed_over,), published=1),
        Run(partition="all", cutoff="2026-11-09", attempts=daily, published=1),
    ]
    (found,) = check_time(runs, mode=mode, fleet=fleet, demand_bytes=100, max_runtime_minutes=60)
    assert found.verdict == verdict, found.line


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "ListServiceQuotas"),
        ResponseParserError("no XML, but the page of a proxy:\n" + "<p>Sorry</p>\n" * 100),
    ],
)
def test_a_check_that_cannot_run_stops_nothing(error: Exception) -> None:
    def check() -> list[CheckResult]:
        raise error

    (found,) = run_check("quota", check)
    assert found.verdict == "unknown"
    assert found.line.startswith("quota: the check could not run: ")
    assert "\n" not in found.line
    assert len(found.line) < 500
