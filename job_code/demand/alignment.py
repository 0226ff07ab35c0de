"""Aligns the rows of a shard into panels of consecutive periods, counting all that is repaired."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from job_code.config import ForecastConfig
from job_code.demand.demand_checks import Calendar, Periods
from job_code.demand.shuffle_files import ShuffledShard
from job_code.demand.stockouts import impute_stockouts
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.panel import Panel

NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """What the demand needed, for the data-quality report; counts of rows, values or series.

    Attributes:
        gaps_filled: Periods between two observed ones that had no value.
        series_with_gaps: Series they belong to.
        ended_series: Series whose last row lies before the cutoff; they go on with zeros.
        periods_off_sale: Periods on sale for less than half of the time; their demand is estimated.
        periods_partly_on_sale: Other periods not wholly on sale; their demand is extrapolated.
        negative_values: Negative values that were counted as zero (or kept, by `negative_rule`).
        rows_after_cutoff: Rows that lie after the cutoff and were not used.
        rows_before_history: Rows older than the configured history.
        series_after_cutoff: Series that begin only after the cutoff; they are not forecast.
    """

    gaps_filled: int = 0
    series_with_gaps: int = 0
    ended_series: int = 0
    periods_off_sale: int = 0
    periods_partly_on_sale: int = 0
    negative_values: int = 0
    rows_after_cutoff: int = 0
    rows_before_history: int = 0
    series_after_cutoff: int = 0

    def __add__(self, other: "Repairs") -> "Repairs":
        return Repairs(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Rows of some series: the index of each row's series, its period, its value (NaN where missing), share on sale."""

    series: Integers
    period: Periods
    value: npt.NDArray[np.float32]
    in_stock_share: npt.NDArray[np.float32] | None

    def where(self, chosen: Booleans) -> Self:
        in_stock_share = None if self.in_stock_share is None else self.in_stock_share[chosen]
        return type(self)(
            series=self.series[chosen],
            period=self.period[chosen],
            value=self.value[chosen],
            in_stock_share=in_stock_share,
        )


@dataclass(frozen=True)
class _Spans:
    """First and last period of each series, and whether a row says so."""

    first: Integers
    last: Integers
    has_value: Booleans


def align(
    shard: ShuffledShard, periods: Periods, calendar: Calendar, config: ForecastConfig, *, values_per_panel: int
) -> Iterator[tuple[Panel, Integers, Repairs]]:
    """Puts every series of a shard on consecutive periods up to its cutoff.

    Args:
        shard: The rows.
        periods: Number of each row's period.
        calendar: Frequency and cutoff.
        config: Rules for gaps, history and negative values.
        values_per_panel: Values of a panel at most, beside those of its first series.

    Yields:
        Panels, the indices of their series in the shard, and what was repaired in them; what concerns no panel is
        counted with the first. One panel of no series where no series begins before the cutoff.
    """
    rows = _Rows(series=shard.series, period=periods, value=shard.value, in_stock_share=shard.in_stock_share)
    used = periods <= calendar.cutoff
    unused = len(used) - int(np.count_nonzero(used))
    if unused:
        rows = rows.where(used)
    spans = _spans(rows, shard.keys.height, calendar, config)
    lengths = np.where(spans.last == NEVER, 0, spans.last - spans.first + 1)
    outside = Repairs(rows_after_cutoff=unused, series_after_cutoff=int((lengths == 0).sum()))
    values = int(lengths.sum())
    panels = max(1, -(-values // values_per_panel))
    group = (np.cumsum(lengths) - 1) // max(1, -(-values // panels))  # all about as large
    groups = np.unique(group[lengths > 0])
    for number in groups:
        inside = (lengths > 0) & (group == number)
        own = rows if len(groups) == 1 and inside.all() else rows.where(inside[rows.series])
        renumbered = np.cumsum(inside) - 1
        local = replace(own, series=renumbered[own.series])
        kept = _Spans(spans.first[inside], spans.last[inside], spans.has_value[inside])
        first, series = kept.first, np.flatnonzero(inside)
        filled, observed, before_history = _fill(local, kept)
        panel = Panel(
            keys=shard.keys[series],
            frequency=calendar.frequency,
            first_period=first,
            lengths=lengths[inside],
            values=filled,
            observed=observed,
        )
        repairs = replace(_repair(panel, local, kept, config), rows_before_history=before_history)
        yield panel, series, repairs + outside
        outside = Repairs()
    if not len(groups):
        nothing = np.empty(0, np.int64)
        empty = Panel(
            keys=shard.keys.clear(),
            frequency=calendar.frequency,
            first_period=nothing,
            lengths=nothing,
            values=np.empty(0),
            observed=np.empty(0, bool),
        )
        yield empty, nothing, outside


def _spans(rows: _Rows, series: int, calendar: Calendar, config: ForecastConfig) -> _Spans:
    last = np.full(series, -NEVER, dtype=np.int32)
    np.maximum.at(last, rows.series, rows.period)
    given = rows if not np.isnan(rows.value).any() else rows.where(~np.isnan(rows.value))
    first = np.full(series, NEVER, dtype=np.int32)
    np.minimum.at(first, given.series, given.period)
    has_value = first != NEVER
    # A series without a single value begins where it ends: there is nothing to learn from the time before.
    begin = np.where(has_value, first, last)
    end = np.where(last == -NEVER, NEVER, last if config.cutoff_rule == "series" else calendar.cutoff).astype(np.int64)
    begin = np.minimum(begin, end)
    if config.history is not None:
        begin = np.maximum(begin, end - config.history + 1)
    return _Spans(begin.astype(np.int64), end, has_value)


def _fill(rows: _Rows, spans: _Spans) -> tuple[Floats, Booleans, int]:
    """Values of the panel, which of them were given, and how many others lie before the history that is used."""
    lengths = spans.last - spans.first + 1
    starts = np.cumsum(lengths) - lengths
    values, observed = np.zeros(int(lengths.sum())), np.zeros(int(lengths.sum()), dtype=bool)
    given = ~np.isnan(rows.value)
    inside = given & (rows.period >= spans.first[rows.series])
    own = rows if inside.all() else rows.where(inside)
    at = (starts - spans.first)[own.series] + own.period
    values[at] = own.value
    observed[at] = True
    return values, observed, int(np.count_nonzero(given) - np.count_nonzero(inside))


def _repair(panel: Panel, rows: _Rows, spans: _Spans, config: ForecastConfig) -> Repairs:
    """Fills gaps and clips negative values, in place, and counts both."""
    gaps = np.zeros(len(panel), dtype=np.int64)
    if not panel.observed.all():
        before = _gaps_lie_before(panel, spans, config)
        observed = np.add.reduceat(panel.observed, panel.starts, dtype=np.int64)
        gaps = np.where(before > panel.starts, before - panel.starts - observed, 0)
        if config.gap_rule == "carry_forward":
            inner = ~panel.observed & (np.arange(len(panel.values)) < np.repeat(before, panel.lengths))
            _carry_forward(panel, inner, rows, spans)
    ends = panel.starts + panel.lengths - 1
    repairs = Repairs(
        gaps_filled=int(gaps.sum()),
        series_with_gaps=int((gaps > 0).sum()),
        ended_series=int((~panel.observed[ends]).sum()) if config.cutoff_rule == "common" else 0,
        negative_values=int((panel.values[panel.observed] < 0).sum()),
    )
    if config.negative_rule == "clip":
        np.maximum(panel.values, 0.0, out=panel.values)
    if config.gap_rule == "zero":
        panel.observed[:] = True
    if rows.in_stock_share is not None:
        share = _on_sale(panel, rows, spans)
        off = impute_stockouts(panel, share)
        panel.observed[off] = False
        partly = int(((share < 1) & ~off).sum())
        repairs = replace(repairs, periods_off_sale=int(off.sum()), periods_partly_on_sale=partly)
    return repairs


def _on_sale(panel: Panel, rows: _Rows, spans: _Spans) -> Floats:
    """Share of every period on sale; all of it where no row says otherwise."""
    share = np.ones(len(panel.values))
    inside = (rows.period >= spans.first[rows.series]) & (rows.period <= spans.last[rows.series])
    at = (panel.starts - spans.first)[rows.series[inside]] + rows.period[inside]
    assert rows.in_stock_share is not None
    share[at] = rows.in_stock_share[inside]
    return share


def _gaps_lie_before(panel: Panel, spans: _Spans, config: ForecastConfig) -> Integers:
    """Position after the last observed value of each series, before which all that is not observed is a gap.

    Where a series ends by its own rows, a row without a value closes a gap, too. A series without any value has none.
    """
    ends = panel.starts + panel.lengths
    if config.cutoff_rule == "series":
        return np.where(spans.has_value, ends, -1)
    seen = np.flatnonzero(panel.observed)
    until = np.searchsorted(seen, ends)  # how many observed values lie before the end of each series
    if not len(seen):
        return np.full(len(panel), -1)
    last = seen[np.maximum(until - 1, 0)]
    return np.where((until > 0) & (last >= panel.starts), last + 1, -1)


def _carry_forward(panel: Panel, inner: Booleans, rows: _Rows, spans: _Spans) -> None:
    begins_with_gap = inner[panel.starts]  # its last value lies before the history that is used
    panel.values[panel.starts[begins_with_gap]] = _last_before(rows, spans)[begins_with_gap]
    latest = np.maximum.accumulate(np.where(panel.observed, np.arange(len(panel.values)), -1))
    source = np.maximum(latest, np.repeat(panel.starts, panel.lengths))
    panel.values[inner] = panel.values[source[inner]]


def _last_before(rows: _Rows, spans: _Spans) -> Floats:
    """The last value of each series before its first period in the panel, 0 where there is none."""
    earlier = rows.where((rows.period < spans.first[rows.series]) & ~np.isnan(rows.value))
    order = np.argsort(earlier.period, kind="stable")
    last = np.zeros(len(spans.first))
    last[earlier.series[order]] = earlier.value[order]  # of several, the latest is assigned last
    return last
