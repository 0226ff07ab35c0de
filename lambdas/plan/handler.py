"""Decides the run before anything is paid for: its cutoff, its name, its configuration, and what it reads."""

import functools
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.client import BaseClient

from lambdas.observation.logs import logged
from lambdas.run_input.cutoff import asked_cutoff
from lambdas.run_input.fleet import asked_fleet
from lambdas.run_input.request import InputError, Request, read_request

from .data_files import DataFile, DemandFiles, data_files
from .published import Model, published_manifest, published_model

EVERYTHING = "all"  # the one partition of an environment that has no others
DEMAND = "demand/"
# Some machines are faster than others, and objects are dealt out blindly: many small ones even that out. Large demand
# makes more of them by itself.
OBJECTS_AN_INSTANCE = 16
OPTIONAL = ("static/", "covariates/")  # what may lie beside the demand


@dataclass(frozen=True)
class Deployment:
    """What the environment settles for every run.

    Attributes:
        data_bucket: Bucket with `demand/`, and what may lie beside it.
        forecast_bucket: Bucket with the runs.
        job_name_prefix: What every job's name begins with.
        base_config: The configuration as hyperparameters; an absent value is empty.
        image: The container image.
        time_zone: IANA name of the zone whose midnight completes a period.
        period_label: Whether a period's date is its first day (`start`) or its last (`end`).
        partitioned: Whether each partition has its demand below a prefix of its own.
        fleet: The fleet's `enabled` (whether it forecasts where an execution does not say) and `instances` (None: as
            many as it takes); None where there is none.
    """

    data_bucket: str
    forecast_bucket: str
    job_name_prefix: str
    base_config: Mapping[str, str]
    image: str
    time_zone: str
    period_label: str
    partitioned: bool = False
    fleet: Mapping[str, Any] | None = None

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "Deployment":
        """Reads the function's environment variables."""
        return cls(
            data_bucket=variables["DATA_BUCKET"],
            forecast_bucket=variables["FORECAST_BUCKET"],
            job_name_prefix=variables["JOB_NAME_PREFIX"],
            base_config=json.loads(variables["BASE_CONFIG"]),
            image=variables["IMAGE"],
            time_zone=variables["TIME_ZONE"],
            period_label=variables["PERIOD_LABEL"],
            partitioned=json.loads(variables["PARTITIONED"]),
            fleet=json.loads(variables["FLEET"]),
        )


@dataclass(frozen=True)
class Plan:
    """What the next states need.

    Attributes:
        job_name: The attempt's counters are still to be added to it.
        partition: Part of the market with its own demand and forecasts.
        cutoff: ISO date, or None: the last period of the demand.
        started_by: `schedule` or `hand`.
        force: Whether a published run is to be made anew.
        fingerprint: Of the demand's files, the configuration and the program: equal ones make equal forecasts.
        demand: The files under the demand's prefix, as far as they can be judged from outside.
        hyperparameters: The job's configuration.
        channels: SageMaker's InputDataConfig.
        mode: The job's entry: `train` or `infer`.
        model: The model to forecast with, where none is trained.
        environment: The job's environment variables, as far as they are this run's own.
        fleet: Whether a fleet forecasts.
        fleet_instances: On how many machines, where the execution says.
        parent: ARN of the execution that started this one among many, which tells of all of them.
    """

    job_name: str
    partition: str
    cutoff: str | None
    started_by: str
    force: bool
    fingerprint: str
    demand: DemandFiles
    hyperparameters: dict[str, str]
    channels: list[dict[str, Any]]
    mode: str
    model: Model | None
    environment: dict[str, str]
    fleet: bool
    fleet_instances: int | None
    parent: str | None


@dataclass(frozen=True)
class PublishPlan:
    """A run to be published as it is.

    Attributes:
        partition: Part of the market it belongs to.
        publish: Its run_id.
        started_by: By `hand`, always.
        force: Always: whoever asks for this very run has looked at it.
        fingerprint: None: nothing is made.
    """

    partition: str
    publish: str
    started_by: str = "hand"
    force: bool = True
    fingerprint: str = ""
    mode: str = "train"
    fleet: bool = False
    parent: str | None = None


@logged
def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answers the state machine's Plan state."""
    return asdict(plan(event["execution"], deployment=Deployment.from_environment(os.environ), s3=_s3()))


@functools.cache
def _s3() -> BaseClient:
    return boto3.client("s3")


def plan(execution: Mapping[str, Any], *, deployment: Deployment, s3: BaseClient) -> Plan | PublishPlan:
    """Plans one run.

    Args:
        execution: The execution's `id`, `started_at` (ISO) and `input`.
        deployment: What the environment settles.
        s3: An S3 client.

    Raises:
        InputError: If the input cannot be run.
    """
    request = read_request(execution["input"], config_keys=deployment.base_config)
    partition = _partition(request, deployment)
    if request.publish is not None:
        return PublishPlan(partition, request.publish)
    fleet, instances = asked_fleet(request, deployment.fleet)
    config = {**deployment.base_config, **request.overrides}
    started_at = datetime.fromisoformat(execution["started_at"])
    cutoff = asked_cutoff(
        request,
        config=config,
        time_zone=deployment.time_zone,
        period_label=deployment.period_label,
        started_at=started_at,
    )
    within = f"partition={partition}/" if deployment.partitioned else ""
    demand = data_files(s3, bucket=deployment.data_bucket, prefix=DEMAND + within)
    # Whatever they are: files that cannot be read are for the job to refuse, not to be passed over here.
    beside = {name: data_files(s3, bucket=deployment.data_bucket, prefix=name + within) for name in OPTIONAL}
    files = {DEMAND: demand, **{name: found for name, found in beside.items() if found}}
    channels = [_channel(name.rstrip("/"), bucket=deployment.data_bucket, prefix=name + within) for name in files]
    if manifest := published_manifest(s3, bucket=deployment.forecast_bucket, partition=partition):
        channels.append(_channel("published", bucket=deployment.forecast_bucket, prefix=manifest))
    model = None
    if request.mode == "infer":
        model = published_model(s3, bucket=deployment.forecast_bucket, partition=partition)
        channels.append(_channel("model", bucket=deployment.forecast_bucket, prefix=model.prefix))
    if cutoff is not None:
        config["cutoff"] = cutoff.isoformat()
    made_of = {**deployment.base_config, **request.overrides, "image": deployment.image}
    return Plan(
        job_name=_job_name(execution["id"], prefix=deployment.job_name_prefix, started_at=started_at),
        partition=partition,
        cutoff=cutoff.isoformat() if cutoff else None,
        hyperparameters={key: value for key, value in config.items() if value},
        started_by="hand" if request.scheduled_time is None else "schedule",
        force=request.force,
        fingerprint=_fingerprint(files, made_of | ({"model": model.sha256} if model else {})),
        demand=DemandFiles.of(demand, f"s3://{deployment.data_bucket}/{DEMAND}{within}"),
        channels=channels,
        mode=request.mode,
        model=model,
        environment={
            "PARTITION": partition,
            "MODEL_SHA256": model.sha256 if model else "",
            "FLEET_OBJECTS": str(OBJECTS_AN_INSTANCE * (instances or 1)) if fleet else "",
        },
        fleet=fleet,
        fleet_instances=instances,
        parent=request.parent,
    )


def _partition(request: Request, deployment: Deployment) -> str:
    if deployment.partitioned and request.partition is None:
        raise InputError(['input: which partition? Give {"partition": "..."}, or start the state machine of all'])
    if not deployment.partitioned and request.partition not in (None, EVERYTHING):
        raise InputError([f"input: partition {request.partition}: this environment has none; leave it out"])
    return request.partition or EVERYTHING


def _fingerprint(files: Mapping[str, Sequence[DataFile]], config: Mapping[str, str]) -> str:
    """Changes with every file that is added, removed or written anew, and with every setting."""
    listed = {prefix: sorted((file.name, file.version) for file in found) for prefix, found in files.items()}
    return hashlib.sha256(json.dumps([listed, dict(config)], sort_keys=True).encode()).hexdigest()


def _channel(name: str, *, bucket: str, prefix: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{prefix}", "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "InputMode": "File", "DataSource": {"S3DataSource": source}}


def _job_name(execution_id: str, *, prefix: str, started_at: datetime) -> str:
    """Readable by its time, and apart from an execution of the same second by its hash."""
    digest = hashlib.sha256(execution_id.encode()).hexdigest()[:8]
    return f"{prefix}-{started_at:%Y%m%d-%H%M%S}-{digest}"
