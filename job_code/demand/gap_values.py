"""Values for the gaps of a series: periods without a value between two observed ones."""

import numpy as np
import polars as pl

from job_code.config import GapRule
from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.panel import Panel


def fill_gaps(panel: Panel, gaps: Booleans, before: Floats, *, rule: GapRule, value: float) -> None:
    """Replace the values of gaps in place.

    A series may begin with a gap if its history is limited, and may end with one if its last rows have no value.

    Args:
        panel: The series.
        gaps: Whether each value is in a gap, shape (values,).
        before: Last value of each series before its first period, 0 without one, shape (series,).
        rule: How gaps are filled. Gaps stay zero with `zero` and `missing`.
        value: Value for the rule `value`.
    """
    if rule == "value":
        panel.values[gaps] = value
    elif rule in ("mean", "median"):
        panel.values[gaps] = np.repeat(_typical(panel, rule), panel.lengths)[gaps]
    elif rule in ("carry_forward", "interpolate"):
        begins_with_gap = gaps[panel.starts]
        panel.values[panel.starts[begins_with_gap]] = before[begins_with_gap]
        known = panel.observed.copy()
        known[panel.starts] = True
        earlier = np.maximum.accumulate(np.where(known, np.arange(len(known)), -1))
        carried = panel.values[earlier[gaps]]
        panel.values[gaps] = carried if rule == "carry_forward" else _interpolated(panel, gaps, known, carried)


def _typical(panel: Panel, rule: GapRule) -> Floats:
    """Return the mean or median of the observed values of each series, 0 without one."""
    observed = pl.DataFrame({"series": panel.series_of_value, "value": panel.values}).filter(pl.Series(panel.observed))
    column = pl.col("value").mean() if rule == "mean" else pl.col("value").median()
    found = observed.group_by("series").agg(column)
    typical = np.zeros(len(panel))
    typical[found["series"].to_numpy()] = found["value"].to_numpy()
    return typical


def _interpolated(panel: Panel, gaps: Booleans, known: Booleans, carried: Floats) -> Floats:
    """Return the values on a line between the known values around each gap; carried if nothing follows."""
    at: Integers = np.flatnonzero(gaps)
    places: Integers = np.flatnonzero(known)
    following = np.searchsorted(places, at)
    ends = np.repeat(panel.starts + panel.lengths, panel.lengths)[at]
    inside = (following < len(places)) & (places[np.minimum(following, len(places) - 1)] < ends)
    return np.where(inside, np.interp(at, places, panel.values[places]), carried)
