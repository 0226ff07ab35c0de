"""Read the last published run, and compare this run with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, FiniteFloat

from contract.calendar.labels import read_label
from contract.s3.keys import MANIFEST
from contract.s3.manifest import ManifestComparison
from job_code.runtime.documents import BrokenDocumentError, parse_document
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency


def _checked(text: str) -> str:
    read_label(text)
    return text


LabelText = Annotated[str, AfterValidator(_checked)]


class UnusableManifestError(Exception):
    """A file is not a valid manifest. The message has the reason in one line."""


@dataclass(frozen=True, kw_only=True)
class PublishedRun:
    """The fields of a published run's manifest that a comparison needs.

    Attributes:
        run_id: Name of the run.
        cutoff: Label of its last observed period.
        frequency: Name of its calendar.
        series: Number of series.
        total: Expected demand of all its series together, by period.
        wape: WAPE of its backtest; None without a backtest, or if all demand in it was 0.
        bias: Bias of its backtest; None in the same cases.
    """

    run_id: str
    cutoff: str
    frequency: str
    series: int
    total: Mapping[str, float]
    wape: float | None
    bias: float | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a manifest.

        Args:
            path: The manifest, or its folder.

        Raises:
            UnusableManifestError: If the file cannot be read, or is not a valid manifest.
        """
        try:
            file = path / MANIFEST if path.is_dir() else path
            content = parse_document(_Manifest, file.read_bytes())
        except OSError as error:
            raise UnusableManifestError(f"{path} cannot be read: {error.strerror}") from None
        except BrokenDocumentError as error:
            raise UnusableManifestError(f"{path} is not a valid manifest: {error}") from None
        return cls(
            run_id=content.run_id,
            cutoff=content.cutoff,
            frequency=content.frequency,
            series=content.series,
            total=content.total,
            wape=content.metrics.forecast.wape,
            bias=content.metrics.forecast.bias,
        )


@dataclass(frozen=True, kw_only=True)
class _Scores:
    wape: FiniteFloat | None
    bias: FiniteFloat | None


@dataclass(frozen=True, kw_only=True)
class _Metrics:
    forecast: _Scores


@dataclass(frozen=True, kw_only=True)
class _Manifest:
    """The part of a manifest that a comparison needs."""

    run_id: str
    cutoff: LabelText
    frequency: str
    series: int
    total: Mapping[LabelText, FiniteFloat]
    metrics: _Metrics


@dataclass(frozen=True)
class PeriodTotals:
    """Total demand of some consecutive periods, in the published run and now.

    Attributes:
        first: Label of the first period.
        last: Label of the last period.
        published: Forecast of the published run.
        current: Forecast of this run, or actual demand if the periods are over.
    """

    first: str
    last: str
    published: float
    current: float

    @property
    def drift(self) -> float | None:
        """Relative difference of `current` from `published`; None if `published` is 0."""
        return self.current / self.published - 1 if self.published else None


@dataclass(frozen=True)
class RunComparison:
    """The comparison of this run with the last published run.

    Attributes:
        run: The published run.
        expected: The periods that both runs forecast; None if they have no period in common.
        observed: The periods of the published forecast that are over by now; None if there are none.
    """

    run: PublishedRun
    expected: PeriodTotals | None
    observed: PeriodTotals | None

    @classmethod
    def of(cls, run: PublishedRun, frequency: Frequency, cutoff: int, total: Floats, recent: Floats) -> Self:
        """Compare two runs by period. Runs with different calendars have no period in common.

        Args:
            run: The published run.
            frequency: This run's calendar.
            cutoff: This run's last observed period.
            total: Expected demand of all its series together, by step, shape (horizon,).
            recent: Actual demand of all its series in the last periods until the cutoff, shape (periods,).
        """
        earlier = {}
        if run.frequency == frequency.name:
            earlier = {frequency.period_of_text(label): value for label, value in run.total.items()}
        ahead = {cutoff + step: float(value) for step, value in enumerate(total, 1)}
        past = {cutoff - len(recent) + at: float(value) for at, value in enumerate(recent, 1)}
        return cls(run, _totals(earlier, ahead, frequency), _totals(earlier, past, frequency))

    def to_dict(self) -> ManifestComparison:
        """Return the manifest's fields: drift of the forecast, and drift of actual demand from the forecast."""
        return {
            "run_id": self.run.run_id,
            "cutoff": self.run.cutoff,
            "forecast_drift": self.expected.drift if self.expected else None,
            "demand_drift": self.observed.drift if self.observed else None,
        }


def _totals(published: Mapping[int, float], current: Mapping[int, float], frequency: Frequency) -> PeriodTotals | None:
    common = sorted(published.keys() & current.keys())
    if not common:
        return None
    return PeriodTotals(
        first=frequency.text_of(common[0]),
        last=frequency.text_of(common[-1]),
        published=sum(published[period] for period in common),
        current=sum(current[period] for period in common),
    )
