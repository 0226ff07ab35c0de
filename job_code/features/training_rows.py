"""Which origins and steps the model learns from."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from job_code.series.arrays import Booleans, Floats, Integers
from job_code.series.panel import Panel

FEW_ROWS = 300_000  # with fewer periods than that, each is foretold from more than one origin; with more, not all
NEIGHBOURS_ALIKE = 3  # periods of a series, of which one teaches nearly as much as all
NOTHING = 1e-9  # of a series' mean demand: less is the rounding error of a sum of zeros


@dataclass(frozen=True, kw_only=True)
class TrainingRows:
    """Origins with a step each.

    Attributes:
        series: Index of each row's series, shape (rows,).
        at: Position of the origin in the panel's values, shape (rows,).
        step: Periods ahead, from 1, shape (rows,).
        size: Mean absolute demand in the year up to the origin, above 0, shape (rows,).
        zero_share: Share of zeros in that year, shape (rows,).
        age: Periods of the series up to the origin, shape (rows,).
    """

    series: Integers
    at: Integers
    step: Integers
    size: Floats
    zero_share: Floats
    age: Integers

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: Booleans) -> Self:
        """Keeps some of the rows."""
        return type(self)(
            series=self.series[chosen],
            at=self.at[chosen],
            step=self.step[chosen],
            size=self.size[chosen],
            zero_share=self.zero_share[chosen],
            age=self.age[chosen],
        )

    @property
    def target(self) -> Integers:
        """Position of the value that is foretold."""
        return self.at + self.step


def most_rows(panel: Panel, horizon: int, *, share: float = 1.0) -> int:
    """Return how many rows `draw_rows` draws, about, or somewhat more.

    Args:
        panel: The series.
        horizon: Most periods ahead.
        share: Of the rows that would otherwise be drawn.
    """
    targets = int(np.count_nonzero(panel.observed))
    return min(_wanted(targets, share), targets * horizon)


def draw_rows(panel: Panel, horizon: int, seed: int, *, share: float = 1.0) -> TrainingRows:
    """Foretells periods from random steps before: where there are few, each several times; where many, one in three.

    Args:
        panel: The series.
        horizon: Most periods ahead.
        seed: Of the random steps.
        share: Of the rows that would otherwise be drawn.
    """
    random = np.random.default_rng(seed)
    age = panel.age
    target = np.flatnonzero((age > 0) & panel.observed)
    wanted = _wanted(len(target), share)
    if len(target) > wanted:
        target = target[random.random(len(target)) < wanted / len(target)]
    furthest = np.minimum(age[target], horizon)
    repeats = int(np.clip(wanted // max(len(target), 1), 1, horizon))
    step = np.concatenate([random.integers(1, furthest, endpoint=True) for _ in range(repeats)])
    at = np.tile(target, repeats) - step
    series = panel.series_of_value[at]
    year = panel.frequency.per_year
    overall = panel.mean_of_last(np.abs(panel.values), len(panel.values))
    overall[overall == 0] = 1.0
    # Relative to each series, or the sums of large ones would swallow what comes after them.
    relative = _trailing_mean(panel, np.abs(panel.values) / np.repeat(overall, panel.lengths), at, series, year)
    demanded = relative > NOTHING
    at, series = at[demanded], series[demanded]
    size = relative[demanded] * overall[series]
    zero_share = _trailing_mean(panel, (panel.values == 0).astype(np.float64), at, series, year)
    return TrainingRows(series=series, at=at, step=step[demanded], size=size, zero_share=zero_share, age=age[at] + 1)


def _wanted(targets: int, share: float) -> int:
    return int(share * max(FEW_ROWS, targets // NEIGHBOURS_ALIKE))


def _trailing_mean(panel: Panel, values: Floats, at: Integers, series: Integers, periods: int) -> Floats:
    """Mean over the last periods up to a position, or all there are."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    begin = np.maximum(at - periods + 1, panel.starts[series])
    mean: Floats = (total[at + 1] - total[begin]) / (at + 1 - begin)
    return mean
