"""Draw the report's charts: the backtest, single series, and total demand."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from job_code.evaluation.chart_data import BacktestChartData, ChartData, SeriesChartData
from job_code.report.axes import label_ticks
from job_code.report.chart import Band, Bars, Chart, Line, Mark, Positions, Style, draw
from job_code.report.published_run import RunComparison
from job_code.series.frequency import Frequency

CANDIDATES: Mapping[str, tuple[Style, str]] = {
    "seasonal_naive": ("naive", "seasonal naive"),
    "moving_average": ("average", "moving average"),
    "forecast": ("forecast", "forecast"),
}
MAX_STEP_TICKS = 12


def all_periods(frequency: Frequency, charts: ChartData, total: Mapping[str, float]) -> range:
    """Return the periods from the first to the last of all charts.

    Args:
        frequency: The run's calendar.
        charts: The numbers of the charts.
        total: Expected demand of all series together, by label.
    """
    ahead = frequency.period_of_text(min(total))
    spans = [(ahead - len(charts.recent), ahead + len(total))]
    for series in charts.series:
        first = frequency.period_of_text(series.first_period)
        spans.append((first, first + len(series.demand) + len(series.mean)))
    if charts.backtest is not None:
        first = frequency.period_of_text(charts.backtest.first_period)
        spans.append((first, first + len(charts.backtest.bias)))
    return range(min(first for first, _ in spans), max(end for _, end in spans))


class ChartFactory:
    """Draws the charts of one run."""

    def __init__(self, frequency: Frequency, quantiles: Sequence[str], periods: range) -> None:
        """Start a run's charts.

        Args:
            frequency: The run's calendar.
            quantiles: Names of the quantiles, ascending.
            periods: All periods of the page. Charts refer to their first period by its position here.
        """
        self._frequency = frequency
        self._band = quantiles[0] if len(quantiles) == 1 else f"{quantiles[0]} to {quantiles[-1]}"
        self._periods = periods

    def series_chart(self, name: str, series: SeriesChartData) -> Chart:
        """Draw one series with its forecast.

        Args:
            name: Name of the chart in the page.
            series: The numbers of the series.
        """
        shown, last = len(series.demand), series.demand[-1]
        return self._dated(
            name,
            f"Demand and forecast of {series.name}",
            [
                Band(name=self._band, style="forecast", start=shown, low=series.low, high=series.high, joins=last),
                Line(name="demand", style="demand", start=0, values=series.demand),
                Line(name="forecast", style="forecast", start=shown, values=series.mean, joins=last),
            ],
            first=series.first_period,
            count=shown + len(series.mean),
            cutoff=shown - 1,
        )

    def total_chart(self, recent: Sequence[float], total: Mapping[str, float], compared: RunComparison | None) -> Chart:
        """Draw the total of all series by period. The forecast includes only series that end at the latest cutoff.

        Args:
            recent: Demand of the last periods until the cutoff.
            total: Expected demand of the periods after it, by label.
            compared: The comparison with the last published run; None without one.
        """
        shown = len(recent)
        first = self._frequency.period_of_text(min(total)) - shown
        marks: list[Mark] = [Line(name="demand", style="demand", start=0, values=recent)]
        if compared is not None and compared.run.frequency == self._frequency.name:
            labels = [self._frequency.text_of(first + at) for at in range(shown + len(total))]
            published = [compared.run.total.get(label) for label in labels]
            if any(value is not None for value in published):
                marks.append(Line(name="published run", style="published", start=0, values=published))
        marks.append(Line(name="forecast", style="forecast", start=shown, values=[*total.values()], joins=recent[-1]))
        label = "Demand and forecast of all series together"
        begin, count = self._frequency.text_of(first), shown + len(total)
        return self._dated("total", label, marks, first=begin, count=count, cutoff=shown - 1)

    def backtest_charts(self, by_step: Sequence[Mapping[str, Any]], numbers: BacktestChartData) -> list[Chart]:
        """Draw error by step, bias over time, and calibration.

        Args:
            by_step: Scores of the backtest at every step, in the manifest's format.
            numbers: Further numbers of the charts.
        """
        charts = [self._error_chart(by_step)]
        if any(value is not None for value in numbers.bias):  # bias is not defined in a period without demand
            label = "Bias over time: above 0 the forecast was too high, below 0 too low"
            marks = [Line(name="bias", style="forecast", start=0, values=numbers.bias, has_dots=True)]
            count = len(numbers.bias)
            charts.append(self._dated("bias", label, marks, first=numbers.first_period, count=count, is_share=True))
        return [*charts, _calibration_chart(numbers)]

    def _error_chart(self, by_step: Sequence[Mapping[str, Any]]) -> Chart:
        unit = self._frequency.unit
        steps = [str(each["step"]) for each in by_step]
        marks = []
        for candidate, (style, name) in CANDIDATES.items():
            wape = [step[candidate]["wape"] for step in by_step]
            marks.append(Line(name=name, style=style, start=0, values=wape, has_dots=True))
        names, every = [f"{unit} {step}" for step in steps], math.ceil(len(steps) / MAX_STEP_TICKS)
        positions = Positions.of_categories(names, steps, every=every)
        return draw("error", f"WAPE by {unit} after the cutoff", marks, positions, is_share=True)

    def _dated(
        self,
        name: str,
        label: str,
        marks: Sequence[Mark],
        *,
        first: str,
        count: int,
        cutoff: int | None = None,
        is_share: bool = False,
    ) -> Chart:
        """Draw marks over consecutive periods."""
        begin = self._frequency.period_of_text(first)
        ticks = label_ticks([self._frequency.label_of(begin + at) for at in range(count)])
        positions = Positions(count, ticks, {"first": begin - self._periods.start}, cutoff)
        return draw(name, label, marks, positions, is_share=is_share)


def _calibration_chart(numbers: BacktestChartData) -> Chart:
    edges = list(itertools.pairwise([0.0, *numbers.levels, 1.0]))
    names = [f"{low * 100:g}-{high * 100:g}%" for low, high in edges]
    marks = [
        Bars("nominal", "nominal", [high - low for low, high in edges], -0.2),
        Bars("in the backtest", "forecast", numbers.shares, 0.2),
    ]
    positions = Positions.of_categories(names, names)
    return draw("calibration", "Share of demand between neighboring quantiles", marks, positions, is_share=True)
