"""Results of many simulated runs by number of instances or jobs, and the number beyond which more does not help."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Share of the minutes. A smaller saving does not justify more instances or jobs.
MIN_SAVING = 0.1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """Simulated runs with one number of instances or jobs.

    Attributes:
        count: Number of instances, or of concurrent jobs.
        minutes: Shape (runs,): duration of each run.
        dollars: Shape (runs,): cost of each run; NaN without a price.
    """

    count: int
    minutes: Floats
    dollars: Floats

    @property
    def median(self) -> float:
        """Median minutes of the runs."""
        return float(np.median(self.minutes))

    @property
    def p95(self) -> float:
        """Minutes that one run in twenty exceeds."""
        return float(np.quantile(self.minutes, 0.95))

    @property
    def price(self) -> float:
        """Mean US dollars of a run."""
        return float(self.dollars.mean())

    def kept(self, deadline_seconds: float) -> float:
        """Return the share of runs that meet a deadline."""
        return float(np.mean(self.minutes * 60 <= deadline_seconds))


def last_useful(levels: Sequence[Level]) -> int:
    """Return the index of the first level beyond which no other saves a tenth of the time."""
    for place, level in enumerate(levels):
        fastest = min(other.median for other in levels[place:])
        if level.median - fastest < MIN_SAVING * level.median:
            return place
    raise ValueError("no levels")


def beyond(levels: Sequence[Level], what: str, why: str) -> str:
    """Return where the time stops falling: `Beyond 8 instances ...: 16 save 0.4 minutes and cost 1.8 x.`.

    Args:
        levels: Simulated runs, sorted by count.
        what: The counted thing, for example `instances`.
        why: A clause that names the bottleneck at that count.
    """
    place = last_useful(levels)
    level = levels[place]
    if place == len(levels) - 1:
        return f"Up to {level.count:,} {what}, each step saves a tenth of the time or more."
    further = levels[place + 1]
    saved = level.median - further.median
    effect = f"save {saved:,.1f} minutes" if saved > 0 else f"take {-saved:,.1f} minutes more"
    cost = "" if np.isnan(level.price) else f" and cost {further.price / level.price:,.2f} x"
    return f"Beyond {level.count:,} {what}, {why}: {further.count:,} {effect}{cost}."


def dollars(amount: float) -> str:
    """Format an amount as `$1.02`; return an empty string for NaN."""
    return "" if np.isnan(amount) else f"${amount:,.2f}"
