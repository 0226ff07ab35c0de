"""Compute the geometry of a chart. The template writes it as SVG, and the page's script reads its values.

The horizontal unit of a plot is one position, a period for example; the vertical unit is a thousandth of its height.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from job_code.report.axes import Tick, ValueAxis, center, rounded, value_axis

HEIGHT = 1000
BAR_WIDTH = 0.38

Style = Literal["demand", "forecast", "published", "naive", "average", "nominal"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line, with or without a dot for each value.

    Attributes:
        name: Label in the legend.
        style: CSS class, which sets the color.
        start: Position of the first value.
        values: The values; None leaves a gap.
        joins: Value at the position before the first, where the line begins; None for none.
        has_dots: Whether each value has a dot.
    """

    name: str
    style: Style
    start: int
    values: Sequence[float | None]
    joins: float | None = None
    has_dots: bool = False


@dataclass(frozen=True, kw_only=True)
class Band:
    """The area between a low and a high value at each position; the attributes are those of `Line`."""

    name: str
    style: Style
    start: int
    low: Sequence[float]
    high: Sequence[float]
    joins: float | None = None


@dataclass(frozen=True)
class Bars:
    """Bars next to the bars of another set.

    Attributes:
        name: Label in the legend.
        style: CSS class, which sets the color.
        values: A value for each position.
        shift: Horizontal distance of a bar's center from the position.
    """

    name: str
    style: Style
    values: Sequence[float]
    shift: float


Mark = Line | Band | Bars


@dataclass(frozen=True)
class Positions:
    """The horizontal axis of a chart.

    Attributes:
        count: Number of positions.
        ticks: The labels.
        names: Names of the positions for the page's script: `{"labels": [...]}`, or `{"first": n}` for consecutive
            periods from the n-th of the page.
        cutoff: Position of a vertical line; None for no line.
    """

    count: int
    ticks: tuple[Tick, ...]
    names: dict[str, Any]
    cutoff: int | None = None

    @classmethod
    def of_categories(cls, names: Sequence[str], ticks: Sequence[str], *, every: int = 1) -> Self:
        """Name the positions, and label every n-th of them."""
        labels = tuple(Tick(center(at, len(ticks)), ticks[at]) for at in range(0, len(ticks), every))
        return cls(len(names), labels, {"labels": [*names]})


@dataclass(frozen=True)
class Shape:
    """A drawn mark: its label, its CSS classes, the path of its area or line, and the path of its dots."""

    name: str
    style: str
    path: str
    dots: str = ""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart, ready for the template.

    Attributes:
        id: Name in the page.
        label: A sentence for readers who do not see the chart.
        positions: Horizontal axis.
        axis: Vertical axis.
        shapes: The drawn marks, from back to front.
        values: Numbers for the page's script.
    """

    id: str
    label: str
    positions: Positions
    axis: ValueAxis
    shapes: tuple[Shape, ...]
    values: dict[str, Any]


def draw(name: str, label: str, marks: Sequence[Mark], positions: Positions, *, is_share: bool = False) -> Chart:
    """Draw marks into a chart.

    Args:
        name: Name of the chart in the page.
        label: A sentence for readers who do not see the chart.
        marks: Lines, bands and bars, from back to front.
        positions: Horizontal axis.
        is_share: Whether the values are shares, shown as percentages.
    """
    axis = value_axis([value for mark in marks for value in _values(mark)], is_share=is_share)
    return Chart(
        id=name,
        label=label,
        positions=positions,
        axis=axis,
        shapes=tuple(_shape(mark, axis) for mark in marks),
        values={
            **positions.names,
            "count": positions.count,
            "low": rounded(axis.low),
            "high": rounded(axis.high),
            "share": is_share,
            "marks": [_numbers(mark) for mark in marks],
        },
    )


def _values(mark: Mark) -> list[float]:
    if isinstance(mark, Band):
        return [*mark.low, *mark.high]
    return [value for value in mark.values if value is not None]


def _numbers(mark: Mark) -> dict[str, Any]:
    """Return the numbers of a mark for the page's script."""
    shown = {"name": mark.name, "style": mark.style, "start": 0 if isinstance(mark, Bars) else mark.start}
    if isinstance(mark, Band):
        return {**shown, "values": [*map(rounded, mark.low)], "to": [*map(rounded, mark.high)]}
    return {**shown, "values": [*map(rounded, mark.values)]}


def _shape(mark: Mark, axis: ValueAxis) -> Shape:
    def height(value: float) -> int:
        return round(HEIGHT * (1 - axis.share_of(value)))

    if isinstance(mark, Bars):
        zero = height(0)
        path = "".join(
            f"M{at + mark.shift - BAR_WIDTH / 2:.2f} {zero}V{height(value)}h{BAR_WIDTH}V{zero}Z"
            for at, value in enumerate(mark.values)
        )
        return Shape(mark.name, f"area {mark.style}", path)
    first = [] if mark.joins is None else [(mark.start - 1, height(mark.joins))]
    if isinstance(mark, Band):
        top, bottom = (
            [*first, *((mark.start + at, height(value)) for at, value in enumerate(side))]
            for side in (mark.high, mark.low)
        )
        path = "L".join(f"{x} {y}" for x, y in [*top, *reversed(bottom)])
        return Shape(mark.name, f"area band {mark.style}", f"M{path}Z")
    path, dots, gap = "".join(f"M{x} {y}" for x, y in first), "", not first
    for at, value in enumerate(mark.values, mark.start):
        if value is not None:
            path += f"{'M' if gap else 'L'}{at} {height(value)}"
            dots += f"M{at} {height(value)}h0" if mark.has_dots else ""
        gap = value is None
    return Shape(mark.name, f"line {mark.style}", path, dots)
