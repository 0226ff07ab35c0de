"""Quantiles from how far forecasts were off in the backtest, by step of the horizon and kind of series.

Errors are measured relative to their expected size, so that those of calm and of nervous series, large and small, can
be pooled. That size is told in usual changes of the series from one period to the next.
"""

from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Self

import numpy as np

from job_code.series.arrays import Floats, Integers
from job_code.series.demand_classes import KINDS

LEAST_ERRORS = 200  # below it the tails of a distribution are guesswork: neighbouring steps are pooled first
STEPS_TO_REACH = 6  # the quantiles of a step rest on those of a sixth of the horizon before and after it, too
NORMAL_TO_MEAN_CHANGE = 0.886  # standard deviation of a random walk's step over its mean absolute step, E|x| = 0.798 s


@dataclass(frozen=True)
class ErrorDistribution:
    """Quantiles of errors that are relative to their expected size.

    Attributes:
        levels: Quantile levels that were measured, ascending.
        offsets: Shape (kinds, steps, levels), ascending over the levels.
    """

    levels: tuple[float, ...]
    offsets: Floats

    @classmethod
    def measured(
        cls, errors: Floats, weight: Floats, kind: Integers, step: Integers, levels: tuple[float, ...]
    ) -> Self:
        """Takes the quantiles of a backtest's errors.

        Args:
            errors: Actual minus forecast, relative to their expected size, shape (entries,).
            weight: How much each entry counts, shape (entries,).
            kind: Kind of its series, shape (entries,).
            step: Periods ahead, shape (entries,).
            levels: Quantile levels.
        """
        counted = weight > 0
        errors, weight, kind, step = errors[counted], weight[counted], kind[counted], step[counted]
        steps = int(step.max(initial=1))
        tables = []
        for k in range(len(KINDS)):
            own = kind == k
            chosen = own if np.count_nonzero(own) >= LEAST_ERRORS else np.ones(len(own), dtype=bool)
            tables.append(_by_step(errors[chosen], weight[chosen], step[chosen], steps, levels))
        return cls(levels, np.asarray(tables))

    @classmethod
    def assumed(cls, levels: tuple[float, ...]) -> Self:
        """A random walk's first step, for demand whose history is too short to measure any error."""
        normal = [NormalDist().inv_cdf(level) / NORMAL_TO_MEAN_CHANGE for level in levels]
        return cls(levels, np.tile(normal, (len(KINDS), 1, 1)))

    def at(self, levels: Floats) -> "ErrorDistribution":
        """The same with fewer offsets: those at some levels of each kind, interpolated.

        Args:
            levels: Ascending, shape (kinds, levels).
        """
        tables = [
            [np.interp(own, self.levels, offsets) for offsets in table]
            for own, table in zip(levels, self.offsets, strict=True)
        ]
        return replace(self, offsets=np.asarray(tables))

    def quantiles(self, centre: Floats, spread: Floats, kind: Integers, step: Integers) -> Floats:
        """Quantiles around forecasts.

        Args:
            centre: The forecasts, shape (entries,).
            spread: Expected size of their errors, shape (entries,).
            kind: Kind of each series, shape (entries,).
            step: Periods ahead, shape (entries,).

        Returns:
            Shape (entries, levels).
        """
        offsets = self.offsets[kind, np.minimum(step, self.offsets.shape[1]) - 1]
        quantiles: Floats = centre[:, None] + spread[:, None] * offsets
        return quantiles


def _by_step(errors: Floats, weight: Floats, step: Integers, steps: int, levels: tuple[float, ...]) -> Floats:
    """Quantiles at every step, of errors there and at neighbouring steps, shape (steps, levels)."""
    order = np.argsort(step, kind="stable")
    errors, weight = errors[order], weight[order]
    ends = np.searchsorted(step[order], np.arange(steps + 1), side="right")  # of what belongs to a step and before it
    table = np.zeros((steps, len(levels)))
    for at in range(steps if len(errors) else 0):
        for reach in range(steps // STEPS_TO_REACH, steps + 1):
            near = slice(ends[max(0, at - reach)], ends[min(steps, at + reach + 1)])
            if near.stop - near.start >= LEAST_ERRORS or near.stop - near.start == len(errors):
                break
        table[at] = np.quantile(errors[near], levels, weights=weight[near], method="inverted_cdf")
    return table
