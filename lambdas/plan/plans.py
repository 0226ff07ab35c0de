"""What a run is planned as, for the states that come after."""

from dataclasses import dataclass
from typing import Any

from .data_files import DemandFiles
from .published import Model


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What the next states need.

    Attributes:
        job_name: The attempt's counters are still to be added to it.
        partition: Part of the market with its own demand and forecasts.
        cutoff: ISO date, or None: the last period of the demand.
        started_by: `schedule` or `manual`.
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


@dataclass(frozen=True, kw_only=True)
class PublishPlan:
    """A run to be published as it is.

    Attributes:
        partition: Part of the market it belongs to.
        publish: Its run_id.
        started_by: By `manual`, always.
        force: Always: whoever asks for this very run has looked at it.
        fingerprint: None: nothing is made.
    """

    partition: str
    publish: str
    started_by: str = "manual"
    force: bool = True
    fingerprint: str = ""
    mode: str = "train"
    fleet: bool = False
    parent: str | None = None
