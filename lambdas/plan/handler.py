"""Plan a run before anything costs money: its cutoff, job name, configuration and input."""

import hashlib
import os
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, cast

from contract import job_start
from contract.calendar.labels import label_text
from contract.environments.before_job import PlanEnvironment
from contract.function_errors import InputError
from contract.partitions import WHOLE
from contract.s3.keys import DEMAND, partition_folder
from contract.state.run_state import Execution, PlanResult, RunState
from lambdas.shared.clients import clients
from lambdas.shared.execution_input import Request, read_request
from lambdas.shared.logs import log_invocation
from lambdas.shared.requested_run import asked_cutoff, asked_fleet

from .channels import channels, fingerprint, input_files
from .data_files import DemandFiles
from .plans import Plan, PublishPlan
from .published import published_model, refuse_unreadable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Some instances are faster than others, and chunks are assigned without regard to speed. Many small chunks even that
# out. Large demand has more chunks anyway.
CHUNKS_PER_INSTANCE = 16

_client = clients()


@log_invocation
def handler(event: RunState, _context: object) -> PlanResult:
    """Handle the state Plan."""
    environment = PlanEnvironment.from_environment(os.environ)
    # mypy does not know the fields of asdict's result.
    return cast("PlanResult", asdict(plan(event["execution"], environment=environment, s3=_client("s3"))))


def plan(execution: Execution, *, environment: PlanEnvironment, s3: "S3Client") -> Plan | PublishPlan:
    """Plan one run.

    Args:
        execution: The execution's `id`, `started_at` (ISO) and `input`.
        environment: Settings of the environment.
        s3: An S3 client.

    Raises:
        InputError: If the input is invalid.
    """
    request = read_request(execution["input"], config_keys=environment.base_config)
    partition = _partition(request, environment)
    if request.publish is not None:
        return PublishPlan(partition=partition, publish=request.publish)
    fleet, instances = asked_fleet(request, environment.fleet)
    config = {**environment.base_config, **request.overrides}
    started_at = datetime.fromisoformat(execution["started_at"])
    cutoff = asked_cutoff(
        request,
        config=config,
        time_zone=environment.time_zone,
        period_label=environment.period_label,
        started_at=started_at,
    )
    within = partition_folder(partition) if environment.partitioned else ""
    files = input_files(s3, bucket=environment.data_bucket, within=within)
    model = None
    if request.mode == "infer":
        model = published_model(s3, bucket=environment.forecast_bucket, partition=partition)
        refuse_unreadable(model, reads=environment.model_format)
    if cutoff is not None:
        config["cutoff"] = label_text(cutoff)
    made_of = {**environment.base_config, **request.overrides, "image": environment.image}
    return Plan(
        job_name=_job_name(execution["id"], prefix=environment.job_name_prefix, started_at=started_at),
        partition=partition,
        cutoff=None if cutoff is None else label_text(cutoff),
        hyperparameters={key: value for key, value in config.items() if value},
        started_by="manual" if request.scheduled_time is None else "schedule",
        force=request.force,
        fingerprint=fingerprint(files, made_of | ({"model": model.sha256} if model else {})),
        demand=DemandFiles.of(files[DEMAND], f"s3://{environment.data_bucket}/{DEMAND}{within}"),
        channels=channels(s3, files, within=within, environment=environment, partition=partition, model=model),
        mode=request.mode,
        model=model,
        environment={
            job_start.PARTITION: partition,
            job_start.MODEL_SHA256: model.sha256 if model else "",
            job_start.MIN_CHUNKS: str(CHUNKS_PER_INSTANCE * (instances or 1)) if fleet else "",
        },
        fleet=fleet,
        fleet_instances=instances,
        parent=request.parent,
    )


def _partition(request: Request, environment: PlanEnvironment) -> str:
    if environment.partitioned and request.partition is None:
        raise InputError(['input: partition is missing; give {"partition": "..."}, or run all partitions'])
    if not environment.partitioned and request.partition not in (None, WHOLE):
        raise InputError([f"input: partition {request.partition}: this environment has no partitions; remove it"])
    return request.partition or WHOLE


def _job_name(execution_id: str, *, prefix: str, started_at: datetime) -> str:
    """Return a job name with the start time, and a hash that separates executions of the same second."""
    # The counters of redrives (1,000 at most), retries, faults and types leave 52 of the 63 characters.
    digest = hashlib.sha256(execution_id.encode()).hexdigest()[:7]
    return f"{prefix}-{started_at:%Y%m%d-%H%M%S}-{digest}"
