"""A run before its forecasts are counted: the draft that a fleet takes on, and how fast it forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from contract.s3.keys import RunKeys
from contract.s3.manifest import ManifestInference
from job_code.evaluation.chart_data import ChartData
from job_code.forecasting.forecast_files import ForecastFile
from job_code.series.arrays import Floats


@dataclass(frozen=True)
class Draft:
    """All of a run but its forecasts; it travels as JSON where these are made elsewhere.

    Attributes:
        manifest: The manifest as far as it goes.
        charts: The numbers that the report draws.
        seconds: Duration of the stages until here.
    """

    manifest: Mapping[str, Any]
    charts: ChartData
    seconds: Mapping[str, float]

    @property
    def keys(self) -> RunKeys:
        """Where the run's files go."""
        return RunKeys(partition=self.manifest["partition"], run_id=self.manifest["run_id"])


@dataclass(frozen=True)
class Inference:
    """How the forecasts were made, for the next fleet to be planned by.

    Attributes:
        instances: Machines.
        cores: Of all of them together.
        series_per_second_per_core: What one core did, from a chunk on disk to its forecasts in their place.
    """

    instances: int
    cores: int
    series_per_second_per_core: float

    @classmethod
    def of(cls, series: int, core_seconds: float, *, instances: int, cores: int) -> Self:
        """Sums up.

        Args:
            series: That were forecast.
            core_seconds: That it took, of all cores together.
            instances: Machines.
            cores: Of all of them together.
        """
        return cls(instances, cores, round(series / max(core_seconds, 0.01), 1))

    def to_dict(self) -> ManifestInference:
        """The fields by name."""
        return {
            "instances": self.instances,
            "cores": self.cores,
            "series_per_second_per_core": self.series_per_second_per_core,
        }


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """All forecasts of a run, each file in its place.

    Attributes:
        files: The files, in the order of the chunks.
        total: Expected demand of all series together, shape (horizon,).
        inference: How they were made.
    """

    files: Sequence[ForecastFile]
    total: Floats
    inference: Inference
