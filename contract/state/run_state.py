"""What the state machine of a run carries from one state to the next; a key that only some states have may lack.

`RunState` is all of it: each state adds one key. `contract.state.run_record` has what a checked run is.
"""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, final

from contract.state.run_record import CheckedRun, PublishResult

# What SageMaker describes of a job, as Step Functions hands it on: AWS says what is in it.
JobDescription = Mapping[str, Any]


class Execution(TypedDict):
    """The execution, as `Receive` notes it; `input` is what it was started with, and may be anything."""

    id: str
    name: str
    started_at: str
    input: Any


class DemandFacts(TypedDict):
    """What lies under the demand's prefix."""

    uri: str
    tables: int
    bytes: int
    newest: str


class ModelFacts(TypedDict):
    """The model of a published run."""

    run_id: str
    sha256: str
    prefix: str
    model_format: int


class PlanResult(TypedDict):
    """What Plan answers; a run that is only published has `publish`, and nothing that a job needs."""

    partition: str
    started_by: str
    force: bool
    fingerprint: str
    mode: str
    fleet: bool
    parent: str | None
    publish: NotRequired[str]
    job_name: NotRequired[str]
    cutoff: NotRequired[str | None]
    demand: NotRequired[DemandFacts]
    hyperparameters: NotRequired[dict[str, str]]
    channels: NotRequired[list[dict[str, Any]]]
    model: NotRequired[ModelFacts | None]
    environment: NotRequired[dict[str, str]]
    fleet_instances: NotRequired[int | None]


class ClaimResult(TypedDict):
    """What Claim answers: the cutoff the run is registered under; or who has the run, in `reason` and what follows."""

    claimed: bool
    cutoff: str
    attempt: NotRequired[int]
    handover_job: NotRequired[str]
    reason: NotRequired[Literal["running", "published"]]
    execution: NotRequired[str]
    run_id: NotRequired[str | None]
    published: NotRequired[bool]
    message: NotRequired[str]


class PreflightResult(TypedDict):
    """What Preflight answers."""

    notes: list[str]
    not_known: list[str]


class JobState(TypedDict):
    """A job that has ended; of one that was taken over, or is only published, nothing is described."""

    name: str
    status: str
    arn: NotRequired[str]
    secondary_status: NotRequired[str]
    described: NotRequired[JobDescription]


class FleetPlanWords(TypedDict):
    """What PlanFleet tells people of the first type that may run."""

    instance_type: str
    instances: int
    seconds: int
    cost_usd: float | None
    keeps_deadline: bool | None
    words: str
    notes: list[str]


class FleetState(FleetPlanWords):
    """What PlanFleet answers; beside these there is `instances_of_0` for the first type, and so on."""

    chunks: str
    shared: str
    model: str
    series: int
    chunk_count: int
    rate: float
    rate_is_from: str


class GateVerdict(TypedDict):
    """What QualityGate answers of a run that it lets pass."""

    passed: bool
    compared_with: str | None


class ErrorState(TypedDict):
    """What a failing state leaves; a timeout comes without a cause."""

    Error: str
    Cause: NotRequired[str]


class FailureState(TypedDict):
    """What ExplainFailure answers; where it fails itself, the state machine knows only the first four."""

    error: str
    cause: str
    subject: str
    message: str
    kind: NotRequired[str]
    summary: NotRequired[str]
    rerun_helps: NotRequired[bool]


class CloseResult(TypedDict):
    """What CloseRun answers: the attempt's status, and the jobs that are counted."""

    status: str | None
    counted: NotRequired[list[str]]


@final
class RunState(TypedDict):
    """The data of an execution, as far as it has got."""

    execution: Execution
    plan: NotRequired[PlanResult]
    claim: NotRequired[ClaimResult]
    preflight: NotRequired[PreflightResult]
    job: NotRequired[JobState]
    fleet: NotRequired[FleetState]
    fleet_job: NotRequired[JobState]
    run: NotRequired[CheckedRun]
    gate: NotRequired[GateVerdict]
    published: NotRequired[PublishResult]
    error: NotRequired[ErrorState]
    failure: NotRequired[FailureState]
    closed: NotRequired[CloseResult]
    redrives: NotRequired[int]


class FailedEvent(TypedDict):
    """What the state Failed hands its function: how often the execution was redriven, now and when it failed."""

    failure: FailureState
    redrives: int
    redrives_before: int
    data: RunState
