"""Choose the ticks of a chart's axes, and round and format numbers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from contract.calendar.labels import Label

T = TypeVar("T")
SHORT = timedelta(days=2)  # a longer span of times has dates on its axis
VALUE_TICKS, DATE_TICKS = 4, 7  # the most ticks that fit into a chart on a phone
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120)
SIGNIFICANT_DIGITS = 4


@dataclass(frozen=True)
class Tick:
    """A label on an axis.

    Attributes:
        at: Position as a share of the axis, 0 at the left or at the bottom.
        text: The label.
        year: Second line of the label; empty for none.
    """

    at: float
    text: str
    year: str = ""


@dataclass(frozen=True)
class ValueAxis:
    """The vertical axis of a chart.

    Attributes:
        low: Value at the bottom.
        high: Value at the top.
        ticks: The labels.
    """

    low: float
    high: float
    ticks: tuple[Tick, ...]

    def share_of(self, value: float) -> float:
        """Return the height of a value as a share of the axis."""
        return (value - self.low) / (self.high - self.low)


def value_axis(values: Sequence[float], *, is_share: bool) -> ValueAxis:
    """Choose an axis that includes 0 and all values, with round labels.

    Args:
        values: Finite numbers; there may be none.
        is_share: Whether the labels are percentages.
    """
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if low == high:
        high = 1.0
    step = _round_step((high - low) / VALUE_TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    low, high = first * step, last * step
    numbers = [number * step for number in range(first, last + 1)]
    ticks = [
        Tick((number - low) / (high - low), f"{number * 100:.3g}%" if is_share else short_amount(number))
        for number in numbers
    ]
    return ValueAxis(low, high, tuple(ticks))


def label_ticks(labels: Sequence[Label]) -> tuple[Tick, ...]:
    """Choose labels for consecutive periods: of numbers, times of day, or dates.

    Args:
        labels: Labels of the periods, at least one.
    """
    if isinstance(labels[0], int):
        return _every(labels, lambda label: Tick(0, str(label)))
    times = [label for label in labels if isinstance(label, datetime)]
    if times and times[-1] - times[0] <= SHORT:
        return _every(times, lambda time: Tick(0, f"{time:%H:%M}", f"{time.day} {time:%b}"))
    return date_ticks([label for label in labels if isinstance(label, date)])


def date_ticks(days: Sequence[date]) -> tuple[Tick, ...]:
    """Choose labels for consecutive periods: the first period of some months, or some days of a short span.

    Args:
        days: Dates of the periods, at least one.
    """
    starts = [at for at in range(1, len(days)) if days[at].month != days[at - 1].month]
    for step in MONTH_STEPS:
        chosen = [at for at in starts if (days[at].year * 12 + days[at].month - 1) % step == 0]
        if len(chosen) <= DATE_TICKS:
            break
    if len(chosen) < 2:  # a single label gives no scale
        return _every(days, lambda day: Tick(0, f"{day.day} {day:%b}", f"{day.year}" if day == days[0] else ""))
    return tuple(
        Tick(
            center(at, len(days)),
            f"{days[at]:%b}",
            f"{days[at].year}" if number == 0 or days[at].year != days[chosen[number - 1]].year else "",
        )
        for number, at in enumerate(chosen)
    )


def _every(labels: Sequence[T], tick: Callable[[T], Tick]) -> tuple[Tick, ...]:
    """Make the ticks of as many labels as fit, at equal distances."""
    every = math.ceil(len(labels) / DATE_TICKS)
    return tuple(replace(tick(labels[at]), at=center(at, len(labels))) for at in range(0, len(labels), every))


def center(at: int, count: int) -> float:
    """Return the horizontal position of a period, as a share of an axis of `count` periods."""
    return (at + 0.5) / count


def rounded(value: float | None) -> float | int | None:
    """Round to four significant digits, or to a whole number if that has more; None if not finite."""
    if value is None or not math.isfinite(value):
        return None
    if value == 0:
        return 0
    digits = max(0, SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value))))
    number = round(value, digits)
    return int(number) if number == int(number) else number


def short_amount(value: float) -> str:
    """Format like `1.5`, `200`, `1.5k`, `3M`, for the ticks of an axis."""
    for size, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{suffix}"
    return f"{value:.4g}"


def _round_step(least: float) -> float:
    """Return the smallest of 1, 2, 2.5 and 5, times a power of ten, that is at least `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= least * (1 - 1e-9))
