"""What is known of a run once its files are checked, and what becomes of it."""

from typing import Any, NotRequired, TypedDict

from contract.run_facts import RunFacts


class Scores(TypedDict, total=False):
    """The backtest's scores of one method; None is what could not be measured."""

    wape: float | None
    mase: float | None
    wql: float | None
    bias: float | None
    coverage: float | None


class Metrics(TypedDict, total=False):
    """The backtest; without one, there are no scores."""

    forecast: Scores | None
    seasonal_naive: Scores | None
    nominal_coverage: float | None


class RunModel(TypedDict):
    """The model that a run was forecast with."""

    run_id: str
    sha256: NotRequired[str]
    model_format: NotRequired[int]
    age_days: int


class DataQuality(TypedDict, total=False):
    """How many findings there were in the demand, by their names."""

    input: dict[str, Any] | None
    repairs: dict[str, float] | None
    series: dict[str, float] | None


class Inference(TypedDict, total=False):
    """How fast the run was forecast."""

    series_per_second_per_core: float | None


class Statistics(TypedDict):
    """What the manifest says for the metrics; an older one lacks some of it."""

    seconds: dict[str, float] | None
    data_quality: DataQuality | None
    compared_with: dict[str, float | None] | None
    inference: Inference | None


class JobFacts(TypedDict):
    """What a training job took; None where it is not known."""

    name: str | None
    arn: str | None
    instance_type: str | None
    spot: bool | None
    seconds: float | None
    billable_seconds: float | None
    cost: float | None
    demand_bytes: int | None


class FleetFacts(TypedDict):
    """What a fleet took; None where it is not known."""

    name: str | None
    instance_type: str | None
    instances: int | None
    seconds: float | None
    billable_seconds: float | None
    cost: float | None
    planned: str | None
    notes: list[str]


class CheckedRun(RunFacts):
    """What CheckRun answers: the manifest's fields; and what its jobs took, where it was made just now."""

    rows: int
    manifest: str
    report: str
    column_types: dict[str, str]
    model: RunModel | None
    metrics: Metrics
    statistics: Statistics
    job: NotRequired[JobFacts]
    fleet: NotRequired[FleetFacts | None]


class RunOutcome(TypedDict):
    """What readers and the registry learn of a run that has ended well."""

    run_id: str
    partition: str
    cutoff: str
    series: int
    rows: int
    horizon: int
    forecasts: str
    report: str
    metrics: Metrics


class PublishResult(RunOutcome):
    """What Publish answers: whether readers see the run, and the message that announces it."""

    published: bool
    subject: str
    message: str
