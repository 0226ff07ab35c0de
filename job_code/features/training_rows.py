"""The rows the model trains on: pairs of an origin and a step."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.panel import Panel

MIN_ROWS = 300_000  # with fewer target periods, each is predicted from several origins
TARGETS_PER_ROW = 3  # with many target periods, one in three is used, because neighboring periods are alike
NEGLIGIBLE = 1e-9  # of a series' mean demand: a smaller sum is rounding error


@dataclass(frozen=True, kw_only=True)
class TrainingRows:
    """Origins, each with a step.

    Attributes:
        series: Index of each row's series, shape (rows,).
        origin: Position of the origin in the panel's values, shape (rows,).
        step: Periods ahead, from 1, shape (rows,).
        scale: Mean absolute demand in the year up to the origin, above 0, shape (rows,).
        zero_share: Share of zeros in that year, shape (rows,).
        age: Number of periods of the series up to the origin, shape (rows,).
    """

    series: Integers
    origin: Integers
    step: Integers
    scale: Floats
    zero_share: Floats
    age: Integers

    def __len__(self) -> int:
        return len(self.origin)

    def where(self, chosen: Booleans) -> Self:
        """Keep some of the rows."""
        return type(self)(
            series=self.series[chosen],
            origin=self.origin[chosen],
            step=self.step[chosen],
            scale=self.scale[chosen],
            zero_share=self.zero_share[chosen],
            age=self.age[chosen],
        )

    @property
    def target(self) -> Integers:
        """Position of the value to predict, in the panel's values, shape (rows,)."""
        return self.origin + self.step


def max_rows(panel: Panel, horizon: int, *, share: float = 1.0) -> int:
    """Return the approximate maximum number of rows that `draw_rows` draws.

    Args:
        panel: The series.
        horizon: Longest step.
        share: Share of the usual number of rows.
    """
    targets = int(np.count_nonzero(panel.observed))
    return min(_wanted(targets, share), targets * horizon)


def draw_rows(panel: Panel, horizon: int, seed: int, *, share: float = 1.0) -> TrainingRows:
    """Draw target periods, and for each a random step before it.

    With few target periods, each is drawn several times. With many, one in three is drawn.

    Args:
        panel: The series.
        horizon: Longest step.
        seed: Seed of the random steps.
        share: Share of the usual number of rows.
    """
    rng = np.random.default_rng(seed)
    age = panel.age
    target = np.flatnonzero((age > 0) & panel.observed)
    wanted = _wanted(len(target), share)
    if len(target) > wanted:
        target = target[rng.random(len(target)) < wanted / len(target)]
    longest = np.minimum(age[target], horizon)
    repeats = int(np.clip(wanted // max(len(target), 1), 1, horizon))
    step = np.concatenate([rng.integers(1, longest, endpoint=True) for _ in range(repeats)])
    origin = np.tile(target, repeats) - step
    series = panel.series_of_value[origin]
    year = panel.frequency.window
    overall = panel.mean_of_last(np.abs(panel.values), len(panel.values))
    overall[overall == 0] = 1.0
    # Divide by the mean of each series. In one running sum, large series would otherwise absorb the small values after.
    relative = _trailing_mean(panel, np.abs(panel.values) / np.repeat(overall, panel.lengths), origin, series, year)
    usable = relative > NEGLIGIBLE
    origin, series = origin[usable], series[usable]
    return TrainingRows(
        series=series,
        origin=origin,
        step=step[usable],
        scale=relative[usable] * overall[series],
        zero_share=_trailing_mean(panel, (panel.values == 0).astype(np.float64), origin, series, year),
        age=age[origin] + 1,
    )


def _wanted(targets: int, share: float) -> int:
    return int(share * max(MIN_ROWS, targets // TARGETS_PER_ROW))


def _trailing_mean(panel: Panel, values: Floats, at: Integers, series: Integers, periods: int) -> Floats:
    """Average the last periods up to a position, or all if there are fewer, shape (positions,)."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    begin = np.maximum(at - periods + 1, panel.starts[series])
    mean: Floats = (total[at + 1] - total[begin]) / (at + 1 - begin)
    return mean
