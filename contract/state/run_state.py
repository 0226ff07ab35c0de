"""The state data of the state machine of a run.

`RunState` is the whole data; each state adds one key. `contract.state.run_record` has the data of a checked run.
"""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, final

from contract.state.run_record import CheckedRun, PublishResult

# SageMaker's description of a job, as Step Functions returns it. AWS defines its fields.
JobDescription = Mapping[str, Any]


class Execution(TypedDict):
    """The execution, as the state Receive stores it. `input` may be any JSON value."""

    id: str
    name: str
    started_at: str
    input: Any


class DemandFacts(TypedDict):
    """The files below the demand's prefix. `newest` is the time of the newest table."""

    uri: str
    tables: int
    bytes: int
    newest: str


class ModelFacts(TypedDict):
    """The model of a published run. `prefix` is its prefix in S3."""

    run_id: str
    sha256: str
    prefix: str
    model_format: int


class PlanResult(TypedDict):
    """Plan's answer. To publish an existing run, `publish` names it, and the fields for a job are missing."""

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
    """Claim's answer. `cutoff` is that of the registry; the fields from `reason` on describe who holds the run."""

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
    """Preflight's answer: warnings, and checks that were not possible."""

    notes: list[str]
    unchecked: list[str]


class JobState(TypedDict):
    """A job that has ended. A reused handover and an existing run have only `name` and `status`."""

    name: str
    status: str
    arn: NotRequired[str]
    secondary_status: NotRequired[str]
    description: NotRequired[JobDescription]


class FleetPlanText(TypedDict):
    """PlanFleet's answer for people: the plan for the first instance type that can run."""

    instance_type: str
    instances: int
    seconds: int
    cost_usd: float | None
    keeps_deadline: bool | None
    words: str
    notes: list[str]


class FleetState(FleetPlanText):
    """PlanFleet's answer. It also has `instances_of_0` for the first instance type, `instances_of_1`, and so on."""

    chunks: str
    shared: str
    model: str
    series: int
    chunk_count: int
    rate: float
    rate_is_from: str


class GateVerdict(TypedDict):
    """QualityGate's answer for a run that passes."""

    passed: bool
    compared_with: str | None


class ErrorState(TypedDict):
    """Error and Cause of a failed state. A timeout has no Cause."""

    Error: str
    Cause: NotRequired[str]


class FailureState(TypedDict):
    """ExplainFailure's answer. If that function fails itself, the state machine sets only the first four fields."""

    error: str
    cause: str
    subject: str
    message: str
    kind: NotRequired[str]
    summary: NotRequired[str]
    rerun_helps: NotRequired[bool]


class CloseResult(TypedDict):
    """CloseRun's answer: the attempt's status, and the names of the jobs whose costs it counted."""

    status: str | None
    counted: NotRequired[list[str]]


@final
class RunState(TypedDict):
    """The data of an execution. Later states add keys."""

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
    """Input of FailExecution. `redrives` is the current count, `redrives_before` the count at the failure."""

    failure: FailureState
    redrives: int
    redrives_before: int
    data: RunState
