"""The manifest of a run. The job writes it last; functions, tools and the next run read it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from contract.run_facts import RunFacts
from contract.state.run_record import Inference, Metrics, RunModel, Scores


class ManifestFile(TypedDict):
    """One file of forecasts, below the manifest's prefix. `sha256` is hexadecimal."""

    name: str
    rows: int
    bytes: int
    sha256: str


class ManifestModel(RunModel):
    """The model of a run's forecasts, with the time and cutoff of its training."""

    trained_at: str
    cutoff: str


class BacktestMetrics(Metrics):
    """The scores of the backtest, its windows and the weights of the combined forecast."""

    model: Scores
    moving_average: Scores
    backtest_windows: int
    backtest_periods: int
    ensemble_weights: Mapping[str, Any]


class ManifestInference(Inference):
    """Throughput of the run's forecasts and its instances; PlanFleet plans the next fleet with it."""

    instances: int
    cores: int


class ManifestComparison(TypedDict):
    """Drift from the last published run, as shares. None if there are no common periods."""

    run_id: str
    cutoff: str
    forecast_drift: float | None
    demand_drift: float | None


class ManifestInput(TypedDict):
    """The input of a run. `fingerprint` is the SHA-256 over all files, hexadecimal."""

    fingerprint: str
    files: int
    bytes: int


class DraftManifest(RunFacts):
    """The fields that are known before the forecasts. Dates are ISO; keys of mappings are names."""

    schema_version: int
    columns: Sequence[str]
    column_types: Mapping[str, str]
    report: str
    data_quality: Mapping[str, Any]
    configuration: Mapping[str, Any]
    model: ManifestModel
    metrics: BacktestMetrics
    backtest: Mapping[str, Any]
    sample: Mapping[str, Any]
    versions: Mapping[str, str]
    input: ManifestInput


class Manifest(DraftManifest):
    """The whole manifest. `total` is the forecast demand of all series together, by ISO date."""

    rows: int
    files: Sequence[ManifestFile]
    total: Mapping[str, float]
    created_at: str
    inference: ManifestInference
    compared_with: ManifestComparison | None
    seconds: Mapping[str, float]
