"""What many simulated runs come to at each count of instances or jobs, and from which count on more does not help."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Of the minutes: what saves less does not count.
MIN_SAVING = 0.1

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """One count.

    Attributes:
        count: Instances, or jobs at a time.
        minutes: Of the runs, one after the other.
        dollars: Likewise; not a number where there is no price.
    """

    count: int
    minutes: Floats
    dollars: Floats

    @property
    def median(self) -> float:
        """Minutes of a usual run."""
        return float(np.median(self.minutes))

    @property
    def p95(self) -> float:
        """Minutes that one run in twenty exceeds."""
        return float(np.quantile(self.minutes, 0.95))

    @property
    def price(self) -> float:
        """US dollars of a run, on average: what many of them come to."""
        return float(self.dollars.mean())

    def kept(self, deadline_seconds: float) -> float:
        """Share of runs that keep a deadline."""
        return float(np.mean(self.minutes * 60 <= deadline_seconds))


def last_useful(levels: Sequence[Level]) -> int:
    """Returns the place of the first level beyond which no other saves a tenth of the time."""
    for place, level in enumerate(levels):
        fastest = min(other.median for other in levels[place:])
        if level.median - fastest < MIN_SAVING * level.median:
            return place
    raise ValueError("no levels")


def beyond(levels: Sequence[Level], what: str, why: str) -> str:
    """Says where it stops falling, e.g. `Beyond 8 instances ...: 16 save 0.4 minutes and cost 1.8 x.`.

    Args:
        levels: By count.
        what: `instances`.
        why: What dominates there.
    """
    place = last_useful(levels)
    level = levels[place]
    if place == len(levels) - 1:
        return f"Up to {level.count:,} {what} each step saves a tenth of the time or more."
    further = levels[place + 1]
    saved = level.median - further.median
    told = f"save {saved:,.1f} minutes" if saved > 0 else f"take {-saved:,.1f} minutes more"
    cost = "" if np.isnan(level.price) else f" and cost {further.price / level.price:,.2f} x"
    return f"Beyond {level.count:,} {what} {why}: {further.count:,} {told}{cost}."


def dollars(amount: float) -> str:
    """`$1.02`; nothing where there is no price."""
    return "" if np.isnan(amount) else f"${amount:,.2f}"
