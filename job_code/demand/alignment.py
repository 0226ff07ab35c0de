"""Align the rows of a shard into panels of consecutive periods, and count the repairs."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from job_code.config import ForecastConfig
from job_code.demand.cells import Periods
from job_code.demand.demand_checks import Calendar
from job_code.demand.gap_values import fill_gaps
from job_code.demand.shuffle_files import ShuffledShard
from job_code.demand.stockouts import impute_stockouts
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.panel import Panel

NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, kw_only=True)
class Repairs:
    """Repairs of the demand, for the data-quality report. Counts of rows, values or series.

    Attributes:
        gaps_filled: Periods without a value between two observed periods.
        series_with_gaps: Series with such periods.
        ended_series: Series whose last row is before the cutoff. They continue by `end_rule`.
        periods_out_of_stock: Periods in stock for less than half of the time. Their demand is estimated.
        periods_partly_out_of_stock: Other periods that are partly out of stock. Their demand is extrapolated.
        negative_values: Negative values. They count as zero, unless `negative_rule` is `keep`.
        rows_after_cutoff: Rows after the cutoff. They are ignored.
        rows_before_history: Rows older than the configured history.
        series_after_cutoff: Series that begin after the cutoff. They are not forecast.
        rows_combined: Rows that were combined with an earlier row of their series and period.
        periods_before_first_value: Periods before the first value of their series. They count as zero (`start_rule`).
    """

    gaps_filled: int = 0
    series_with_gaps: int = 0
    ended_series: int = 0
    periods_out_of_stock: int = 0
    periods_partly_out_of_stock: int = 0
    negative_values: int = 0
    rows_after_cutoff: int = 0
    rows_before_history: int = 0
    series_after_cutoff: int = 0
    rows_combined: int = 0
    periods_before_first_value: int = 0

    def __add__(self, other: "Repairs") -> "Repairs":
        return Repairs(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Rows of some series: index of the series, period, value (NaN if missing) and in-stock share of each row."""

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
    """First and last period of each series, whether it has a value, and how many periods lie before the first one."""

    first: Integers
    last: Integers
    has_value: Booleans
    lead: Integers

    def where(self, chosen: Booleans) -> "_Spans":
        return _Spans(self.first[chosen], self.last[chosen], self.has_value[chosen], self.lead[chosen])


def align(
    shard: ShuffledShard, periods: Periods, calendar: Calendar, config: ForecastConfig, *, values_per_panel: int
) -> Iterator[tuple[Panel, Integers, Repairs]]:
    """Align every series of a shard to consecutive periods up to its cutoff.

    Args:
        shard: The rows.
        periods: Period number of each row, shape (rows,).
        calendar: Frequency and cutoff.
        config: Rules for gaps, history and negative values.
        values_per_panel: Maximum number of values of a panel, without the values of its first series.

    Yields:
        A panel, the indices of its series in the shard, and the repairs of the panel. Counts that concern no panel
        are in the first repairs. If no series begins before the cutoff, the only panel is empty.
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
    group = (np.cumsum(lengths) - 1) // max(1, -(-values // panels))  # panels of about equal size
    groups = np.unique(group[lengths > 0])
    for number in groups:
        inside = (lengths > 0) & (group == number)
        own = rows if len(groups) == 1 and inside.all() else rows.where(inside[rows.series])
        renumbered = np.cumsum(inside) - 1
        local = replace(own, series=renumbered[own.series])
        kept = spans.where(inside)
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
        yield _no_series(shard, calendar), np.empty(0, np.int64), outside


def _no_series(shard: ShuffledShard, calendar: Calendar) -> Panel:
    nothing = np.empty(0, np.int64)
    return Panel(
        keys=shard.keys.clear(),
        frequency=calendar.frequency,
        first_period=nothing,
        lengths=nothing,
        values=np.empty(0),
        observed=np.empty(0, bool),
    )


def _spans(rows: _Rows, series: int, calendar: Calendar, config: ForecastConfig) -> _Spans:
    last = np.full(series, -NEVER, dtype=np.int32)
    np.maximum.at(last, rows.series, rows.period)
    with_value = rows if not np.isnan(rows.value).any() else rows.where(~np.isnan(rows.value))
    first = np.full(series, NEVER, dtype=np.int32)
    np.minimum.at(first, with_value.series, with_value.period)
    has_value = first != NEVER
    # A series without any value has only its last period: earlier periods would add no information.
    begin = np.where(has_value, first if calendar.first is None else np.minimum(first, calendar.first), last)
    end = np.where(last == -NEVER, NEVER, last if config.cutoff_rule == "series" else calendar.cutoff).astype(np.int64)
    begin = np.minimum(begin, end)
    if config.history is not None:
        begin = np.maximum(begin, end - config.history + 1)
    lead = np.where(has_value, np.maximum(np.minimum(first, end + 1) - begin, 0), 0)
    return _Spans(begin.astype(np.int64), end, has_value, lead.astype(np.int64))


def _fill(rows: _Rows, spans: _Spans) -> tuple[Floats, Booleans, int]:
    """Return the values of the panel, whether each is observed, and the number of values before the used history."""
    lengths = spans.last - spans.first + 1
    starts = np.cumsum(lengths) - lengths
    values, observed = np.zeros(int(lengths.sum())), np.zeros(int(lengths.sum()), dtype=bool)
    not_null = ~np.isnan(rows.value)
    inside = not_null & (rows.period >= spans.first[rows.series])
    own = rows if inside.all() else rows.where(inside)
    at = (starts - spans.first)[own.series] + own.period
    values[at] = own.value
    observed[at] = True
    if spans.lead.any():
        observed |= np.arange(len(observed)) < np.repeat(starts + spans.lead, lengths)
    return values, observed, int(np.count_nonzero(not_null) - np.count_nonzero(inside))


def _repair(panel: Panel, rows: _Rows, spans: _Spans, config: ForecastConfig) -> Repairs:
    """Fill gaps, clip negative values and impute stockouts, all in place. Return the counts."""
    gaps = np.zeros(len(panel), dtype=np.int64)
    unknown, known = np.zeros(len(panel.values), dtype=bool), panel.observed
    if not panel.observed.all():
        before = _gaps_lie_before(panel, spans, config)
        observed = np.add.reduceat(panel.observed, panel.starts, dtype=np.int64)
        gaps = np.where(before > panel.starts, before - panel.starts - observed, 0)
        inner = ~panel.observed & (np.arange(len(panel.values)) < np.repeat(before, panel.lengths))
        if config.gap_rule not in ("zero", "missing"):
            fill_gaps(panel, inner, _last_before(rows, spans), rule=config.gap_rule, value=config.gap_value)
        tail = ~panel.observed & ~inner
        unknown = (inner & (config.gap_rule == "missing")) | (tail & (config.end_rule == "missing"))
        known = panel.observed | (inner & (config.gap_rule in ("zero", "value"))) | (tail & (config.end_rule == "zero"))
    ends = panel.starts + panel.lengths - 1
    repairs = Repairs(
        periods_before_first_value=int(spans.lead.sum()),
        gaps_filled=int(gaps.sum()),
        series_with_gaps=int((gaps > 0).sum()),
        ended_series=int((~panel.observed[ends]).sum()) if config.cutoff_rule == "common" else 0,
        negative_values=int((panel.values[panel.observed] < 0).sum()),
    )
    if config.negative_rule == "clip":
        np.maximum(panel.values, 0.0, out=panel.values)
    panel.observed[:] = known
    if rows.in_stock_share is not None or unknown.any():
        share = _in_stock_share(panel, rows, spans)
        share[unknown] = 0
        off = impute_stockouts(panel, share)
        panel.observed[off] = False
        partly, off_shelf = (share < 1) & ~off, off & ~unknown
        repairs = replace(
            repairs, periods_out_of_stock=int(off_shelf.sum()), periods_partly_out_of_stock=int(partly.sum())
        )
    return repairs


def _in_stock_share(panel: Panel, rows: _Rows, spans: _Spans) -> Floats:
    """Return the in-stock share of every period; 1 for a period without a row or without a configured column."""
    share = np.ones(len(panel.values))
    if rows.in_stock_share is None:
        return share
    inside = (rows.period >= spans.first[rows.series]) & (rows.period <= spans.last[rows.series])
    at = (panel.starts - spans.first)[rows.series[inside]] + rows.period[inside]
    share[at] = rows.in_stock_share[inside]
    return share


def _gaps_lie_before(panel: Panel, spans: _Spans, config: ForecastConfig) -> Integers:
    """Return the end of the gaps of each series: the position after its last observed value, -1 without any value.

    Every unobserved position before it is a gap. With cutoff rule `series`, a row without a value can end the series.
    Then the gaps extend to the end of the series.
    """
    ends = panel.starts + panel.lengths
    if config.cutoff_rule == "series":
        return np.where(spans.has_value, ends, -1)
    seen = np.flatnonzero(panel.observed)
    until = np.searchsorted(seen, ends)  # number of observed values before the end of each series
    if not len(seen):
        return np.full(len(panel), -1)
    last = seen[np.maximum(until - 1, 0)]
    return np.where((until > 0) & (last >= panel.starts), last + 1, -1)


def _last_before(rows: _Rows, spans: _Spans) -> Floats:
    """Return the last value of each series before its first period in the panel, or 0."""
    earlier = rows.where((rows.period < spans.first[rows.series]) & ~np.isnan(rows.value))
    order = np.argsort(earlier.period, kind="stable")
    last = np.zeros(len(spans.first))
    last[earlier.series[order]] = earlier.value[order]  # NumPy assigns in order, so the latest value remains
    return last
