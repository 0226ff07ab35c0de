"""The draft of a run, which a fleet can complete, and the forecasts that complete it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from contract.s3.keys import RunKeys
from contract.s3.manifest import ManifestInference
from job_code.evaluation.chart_data import ChartData
from job_code.forecasting.forecast_files import ForecastFile
from job_code.series.arrays import Floats


@dataclass(frozen=True)
class RunDraft:
    """A run without its forecasts. The handover to a fleet contains it as JSON.

    Attributes:
        manifest: The manifest without the fields that depend on the forecasts.
        charts: Data of the report's charts.
        seconds: Duration of each finished stage.
    """

    manifest: Mapping[str, Any]
    charts: ChartData
    seconds: Mapping[str, float]

    @property
    def keys(self) -> RunKeys:
        """Keys of the run's files."""
        return RunKeys(partition=self.manifest["partition"], run_id=self.manifest["run_id"])


@dataclass(frozen=True)
class InferenceThroughput:
    """The throughput of the forecasts, for planning the next fleet.

    Attributes:
        instances: Number of instances.
        cores: Total number of cores.
        series_per_second_per_core: Throughput of one core, from a chunk on disk to its stored forecasts.
    """

    instances: int
    cores: int
    series_per_second_per_core: float

    @classmethod
    def of(cls, series: int, core_seconds: float, *, instances: int, cores: int) -> Self:
        """Compute the throughput.

        Args:
            series: Number of series that were forecast.
            core_seconds: Time of all cores together.
            instances: Number of instances.
            cores: Total number of cores.
        """
        return cls(instances, cores, round(series / max(core_seconds, 0.01), 1))

    def to_dict(self) -> ManifestInference:
        """Return the fields by name."""
        return {
            "instances": self.instances,
            "cores": self.cores,
            "series_per_second_per_core": self.series_per_second_per_core,
        }


@dataclass(frozen=True, kw_only=True)
class Forecasts:
    """All forecasts of a run. Every file is already stored.

    Attributes:
        files: The files, in the order of the chunks.
        total: Expected demand of all series together, shape (horizon,).
        inference: The throughput.
    """

    files: Sequence[ForecastFile]
    total: Floats
    inference: InferenceThroughput
