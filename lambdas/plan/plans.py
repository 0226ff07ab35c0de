"""The plan of a run, for the later states."""

from dataclasses import dataclass
from typing import Any

from .data_files import DemandFiles
from .published import Model


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Plan of a run that starts a job.

    Attributes:
        job_name: Name of the job; the state machine appends counters.
        partition: Partition with its own demand and forecasts.
        cutoff: ISO date; None for the last period of the demand.
        started_by: `schedule` or `manual`.
        force: Whether to repeat a published run.
        fingerprint: Fingerprint of the demand's files, the configuration and the program. Equal fingerprints mean equal
            forecasts.
        demand: Summary of the files under the demand's prefix.
        hyperparameters: The job's configuration.
        channels: SageMaker's InputDataConfig.
        mode: Mode of the job: `train` or `infer`.
        model: The model to forecast with; None if the run trains one.
        environment: The job's environment variables that are specific to this run.
        fleet: Whether a fleet forecasts.
        fleet_instances: Number of the fleet's instances; None if the input does not give it.
        parent: ARN of the execution of all partitions that started this one and sends the notification.
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


@dataclass(frozen=True, kw_only=True)
class PublishPlan:
    """Plan to publish an existing run.

    Attributes:
        partition: Partition of the run.
        publish: The run's run_id.
        started_by: Always `manual`.
        force: Always True, because a user has reviewed this run.
        fingerprint: Always empty, because no forecasts are made.
    """

    partition: str
    publish: str
    started_by: str = "manual"
    force: bool = True
    fingerprint: str = ""
    mode: str = "train"
    fleet: bool = False
    parent: str | None = None
