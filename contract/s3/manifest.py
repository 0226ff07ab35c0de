"""The manifest of a run: the job writes it last, and functions, tools and the next run read it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from contract.run_facts import RunFacts
from contract.state.run_record import Inference, Metrics, RunModel, Scores


class ManifestFile(TypedDict):
    """One file of forecasts, beside the manifest; the checksum is SHA-256, hexadecimal."""

    name: str
    rows: int
    bytes: int
    sha256: str


class ManifestModel(RunModel):
    """The model that a run is forecast with, and how it was trained."""

    trained_at: str
    cutoff: str


class BacktestMetrics(Metrics):
    """The backtest: beside what decides about a run, what the forecast is made of, and how it was measured."""

    model: Scores
    moving_average: Scores
    backtest_windows: int
    backtest_periods: int
    combination: Mapping[str, Any]


class ManifestInference(Inference):
    """How fast the run was forecast, and on what; the next fleet is planned by it."""

    instances: int
    cores: int


class ManifestComparison(TypedDict):
    """The run beside the last published one: changes are shares, and None where there is nothing to compare."""

    run_id: str
    cutoff: str
    forecast_drift: float | None
    demand_drift: float | None


class ManifestInput(TypedDict):
    """What a run has read; the fingerprint is SHA-256 over all files, hexadecimal."""

    fingerprint: str
    files: int
    bytes: int


class DraftManifest(RunFacts):
    """What a run can say about itself before it has forecast. Dates are ISO; keys of mappings are names."""

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
    """All that a run says about itself. `total` is the expected demand of all series together, by date."""

    rows: int
    files: Sequence[ManifestFile]
    total: Mapping[str, float]
    created_at: str
    inference: ManifestInference
    compared_with: ManifestComparison | None
    seconds: Mapping[str, float]
