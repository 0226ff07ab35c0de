"""The data of a run whose files CheckRun has checked, and the outcome of its publication."""

from typing import Any, NotRequired, TypedDict

from contract.run_facts import RunFacts


class Scores(TypedDict, total=False):
    """The backtest's scores of one method. None marks a score that could not be computed."""

    wape: float | None
    mase: float | None
    wql: float | None
    bias: float | None
    coverage: float | None


class Metrics(TypedDict, total=False):
    """The scores of the backtest. A run without a backtest has no scores."""

    forecast: Scores | None
    seasonal_naive: Scores | None
    nominal_coverage: float | None


class RunModel(TypedDict):
    """The model of a run's forecasts."""

    run_id: str
    sha256: NotRequired[str]
    model_format: NotRequired[int]
    age_days: int


class DataQuality(TypedDict, total=False):
    """Numbers of findings in the demand, by the finding's name, and the number of warnings with the first of them."""

    warnings: int
    first_warnings: list[str]
    input: dict[str, Any] | None
    repairs: dict[str, float] | None
    series: dict[str, float] | None


class Inference(TypedDict, total=False):
    """Throughput of a run's forecasts."""

    series_per_second_per_core: float | None


class Statistics(TypedDict):
    """The parts of the manifest that become metrics. Older manifests lack some of them."""

    seconds: dict[str, float] | None
    data_quality: DataQuality | None
    compared_with: dict[str, float | None] | None
    inference: Inference | None


class JobFacts(TypedDict):
    """Instance, times and cost of a training job. None marks an unknown value."""

    name: str | None
    arn: str | None
    instance_type: str | None
    spot: bool | None
    seconds: float | None
    billable_seconds: float | None
    cost: float | None
    demand_bytes: int | None


class FleetFacts(TypedDict):
    """Instances, times and cost of a fleet. None marks an unknown value."""

    name: str | None
    instance_type: str | None
    instances: int | None
    seconds: float | None
    billable_seconds: float | None
    cost: float | None
    planned: str | None
    notes: list[str]


class CheckedRun(RunFacts):
    """CheckRun's answer: fields of the manifest, and facts about the jobs if this execution ran them."""

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
    """The facts about a successful run, for readers and the registry."""

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
    """Publish's answer. `published` is false for a superseded run; `subject` and `message` are the notification."""

    published: bool
    subject: str
    message: str
