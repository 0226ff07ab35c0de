"""Aligns checked demand into a panel, counting all that is repaired."""

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from job_code.checks import PERIOD, CheckedDemand
from job_code.config import ForecastConfig
from job_code.demand import VALUE
from job_code.frequency import Frequency
from job_code.panel import Floats, Integers, Panel

SERIES = "_series"


@dataclass(frozen=True)
class Repairs:
    """What the demand needed, for the data-quality report; counts of rows, values or series.

    Attributes:
        gaps_filled: Periods between two observed ones that had no value.
        series_with_gaps: Series they belong to.
        ended_series: Series whose last row lies before the cutoff; they go on with zeros.
        negative_values: Negative values that were counted as zero (or kept, by `negative_rule`).
        rows_after_cutoff: Rows that lie after the cutoff and were not used.
        rows_before_history: Rows older than the configured history.
        series_after_cutoff: Series that begin only after the cutoff; they are not forecast.
    """

    gaps_filled: int
    series_with_gaps: int
    ended_series: int
    negative_values: int
    rows_after_cutoff: int
    rows_before_history: int
    series_after_cutoff: int

    def to_dict(self) -> dict[str, int]:
        """The counts by name."""
        return asdict(self)


def align(checked: CheckedDemand, config: ForecastConfig) -> tuple[Panel, Repairs]:
    """Puts every series on consecutive periods up to its cutoff."""
    rows, frequency, last = checked.rows, checked.frequency, checked.cutoff
    used = rows.filter(pl.col(PERIOD) <= last)
    keys = used.select(config.key).unique().sort(config.key)
    series_given = rows.select(config.key).n_unique()
    panel, gaps, history_rows = _to_panel(used, keys, frequency, config, last)
    negative = int((panel.values[panel.observed] < 0).sum())
    repairs = Repairs(
        gaps_filled=int(gaps.sum()),
        series_with_gaps=int((gaps > 0).sum()),
        ended_series=int(_ended(used, keys, config, last)),
        negative_values=negative,
        rows_after_cutoff=rows.height - used.height,
        rows_before_history=history_rows,
        series_after_cutoff=series_given - keys.height,
    )
    if config.negative_rule == "clip":
        np.maximum(panel.values, 0.0, out=panel.values)
    return panel, repairs


def _to_panel(
    rows: pl.DataFrame, keys: pl.DataFrame, frequency: Frequency, config: ForecastConfig, cutoff: int
) -> tuple[Panel, Integers, int]:
    """Also returns the gaps filled in each series, and the number of rows older than the history."""
    coded = rows.join(keys.with_row_index(SERIES), on=list(config.key), how="left").select(SERIES, PERIOD, VALUE)
    spans = coded.group_by(SERIES).agg(
        pl.col(PERIOD).filter(pl.col(VALUE).is_not_null()).min().alias("first"),
        pl.col(PERIOD).max().alias("last"),
    )
    spans = spans.sort(SERIES)
    own_last = spans["last"].to_numpy().astype(np.int64)
    last = own_last if config.cutoff_rule == "series" else np.full(len(spans), cutoff, dtype=np.int64)
    # A series without a single value begins where it ends: there is nothing to learn from the time before.
    first = np.minimum(spans["first"].fill_null(spans["last"]).to_numpy().astype(np.int64), last)
    if config.history is not None:
        first = np.maximum(first, last - config.history + 1)
    lengths = last - first + 1
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])

    series = coded[SERIES].to_numpy().astype(np.int64)
    offset = coded[PERIOD].to_numpy().astype(np.int64) - first[series]
    given = coded[VALUE].is_not_null().to_numpy()
    inside = given & (offset >= 0)
    values = np.zeros(int(lengths.sum()))
    observed = np.zeros(len(values), dtype=bool)
    at = starts[series[inside]] + offset[inside]
    values[at] = coded[VALUE].to_numpy()[inside]
    observed[at] = True
    panel = Panel(keys, frequency, first, lengths, values, observed)

    # A gap lies between two observed values; or, where a series ends by its own rows, before a row without a value.
    position = np.where(observed, np.arange(len(values)), -1)
    latest = np.maximum.accumulate(position)
    final = np.full(len(panel), -1)
    np.maximum.at(final, panel.series_of_value, position)
    if config.cutoff_rule == "series":
        final = np.where(spans["first"].is_not_null().to_numpy(), starts + lengths, -1)
    inner = ~observed & (np.arange(len(values)) < final[panel.series_of_value])
    if config.gap_rule == "carry_forward":
        begins_with_gap = inner[panel.starts]  # its last value lies before the history that is used
        values[panel.starts[begins_with_gap]] = _last_before(coded, first)[begins_with_gap]
        source = np.maximum(latest, panel.starts[panel.series_of_value])
        values[inner] = values[source[inner]]
    gaps = np.add.reduceat(inner.astype(np.int64), panel.starts)
    return panel, gaps, int((given & (offset < 0)).sum())


def _last_before(coded: pl.DataFrame, first: Integers) -> Floats:
    """The last value of each series before its first period in the panel, 0 where there is none."""
    beginnings = pl.DataFrame({SERIES: np.arange(len(first)), "first": first}).cast({SERIES: coded.schema[SERIES]})
    earlier = beginnings.join(coded, on=SERIES).filter((pl.col(PERIOD) < pl.col("first")) & pl.col(VALUE).is_not_null())
    last = beginnings.join(
        earlier.group_by(SERIES).agg(pl.col(VALUE).sort_by(PERIOD).last()), on=SERIES, how="left", maintain_order="left"
    )
    return last[VALUE].fill_null(0.0).to_numpy()


def _ended(rows: pl.DataFrame, keys: pl.DataFrame, config: ForecastConfig, cutoff: int) -> int:
    if config.cutoff_rule == "series":
        return 0
    current = rows.filter((pl.col(PERIOD) == cutoff) & pl.col(VALUE).is_not_null())
    return keys.height - current.select(config.key).n_unique()
