"""The last published run, for the report to compare this one with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Self

from pydantic import FiniteFloat

from contract.s3.keys import MANIFEST
from contract.s3.manifest import ManifestComparison
from job_code.runtime.documents import BrokenDocumentError, parse_document
from job_code.series.arrays import Floats
from job_code.series.frequency import Frequency


class UnusableManifestError(Exception):
    """A file is no run's manifest; the message says why in one line."""


@dataclass(frozen=True, kw_only=True)
class PublishedRun:
    """What its manifest says, as far as two runs can be compared.

    Attributes:
        run_id: Its name.
        cutoff: Its last observed period.
        frequency: Name of its calendar.
        series: How many it forecast.
        total: Expected demand of all its series together, by period.
        wape: Of its backtest; None where there was none, or where all demand in it was 0.
        bias: The same.
    """

    run_id: str
    cutoff: date
    frequency: str
    series: int
    total: Mapping[date, float]
    wape: float | None
    bias: float | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a manifest.

        Args:
            path: The manifest, or the folder it is in.

        Raises:
            UnusableManifestError: If it is none; one line with the reason.
        """
        try:
            file = path / MANIFEST if path.is_dir() else path
            content = parse_document(_Manifest, file.read_bytes())
        except OSError as error:
            raise UnusableManifestError(f"{path} cannot be read: {error.strerror}") from None
        except BrokenDocumentError as error:
            raise UnusableManifestError(f"{path} is no run's manifest: {error}") from None
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
    cutoff: date
    frequency: str
    series: int
    total: Mapping[date, FiniteFloat]
    metrics: _Metrics


@dataclass(frozen=True)
class Span:
    """Some consecutive periods, and what two sides say of all demand in them.

    Attributes:
        first: Date of the first period.
        last: Date of the last.
        before: What the published run expected.
        now: What this run expects; or what was observed, where the periods have passed since.
    """

    first: date
    last: date
    before: float
    now: float

    @property
    def change(self) -> float | None:
        """By how much `now` is more than `before`, as a share of it; None where that was 0."""
        return self.now / self.before - 1 if self.before else None


@dataclass(frozen=True)
class Comparison:
    """This run beside the last published one.

    Attributes:
        run: The published run.
        expected: The periods that both forecast; None where there are none.
        observed: The periods that it forecast and that have passed since; None where there are none.
    """

    run: PublishedRun
    expected: Span | None
    observed: Span | None

    @classmethod
    def of(cls, run: PublishedRun, frequency: Frequency, cutoff: int, total: Floats, recent: Floats) -> Self:
        """Compares period by period; runs of two calendars have none in common.

        Args:
            run: The published run.
            frequency: This run's calendar.
            cutoff: Its last observed period.
            total: Expected demand of all its series together, by step, shape (horizon,).
            recent: Their demand in the last periods until the cutoff, shape (periods,).
        """
        earlier = {}
        if run.frequency == frequency.name:
            earlier = {frequency.period_of(day): value for day, value in run.total.items()}
        ahead = {cutoff + step: float(value) for step, value in enumerate(total, 1)}
        past = {cutoff - len(recent) + at: float(value) for at, value in enumerate(recent, 1)}
        return cls(run, _span(earlier, ahead, frequency), _span(earlier, past, frequency))

    def to_dict(self) -> ManifestComparison:
        """For the manifest: how far expectations moved, and how far demand was from them."""
        return {
            "run_id": self.run.run_id,
            "cutoff": self.run.cutoff.isoformat(),
            "forecast_drift": self.expected.change if self.expected else None,
            "demand_drift": self.observed.change if self.observed else None,
        }


def _span(before: Mapping[int, float], now: Mapping[int, float], frequency: Frequency) -> Span | None:
    common = sorted(before.keys() & now.keys())
    if not common:
        return None
    return Span(
        first=frequency.date_of(common[0]),
        last=frequency.date_of(common[-1]),
        before=sum(before[period] for period in common),
        now=sum(now[period] for period in common),
    )
