"""What may be wrong with the rows of a shard, and the message and level of each problem."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from job_code.demand.demand_rows import SOURCE
from job_code.series.frequency import Frequency
from job_code.tables.key_columns import series_name
from job_code.tables.validation_report import EXAMPLES, Level, ValidationReport

Check = Literal["off_anchor", "timed", "duplicates", "repeated", "tied", "stepped", "spaced", "negative"]

MAX_SPACED_SHARE = 0.5  # of the series; a few may keep a distance by chance
MAX_STEPPED_SHARE = 0.01  # of the series; if more have a longer step than the calendar, it is an error, else a note
OTHER_CALENDAR = "Set frequency to their calendar, forecast them in another run, or write a row for every {unit}"


@dataclass(frozen=True)
class Problem:
    """Occurrences of one problem in a shard.

    Attributes:
        count: Number of occurrences.
        examples: The first few by key, with the key columns and `_moment`, the label of the period as text.
        of: Number of checked cases; 0 if one occurrence is too many.
    """

    count: int
    examples: pl.DataFrame
    of: int = 0


Problems = dict[Check, Problem]


@dataclass(frozen=True)
class _Message:
    """Counted noun, problem and remedy. `{unit}` and `{name}` stand for those of the frequency."""

    noun: str
    problem: str
    remedy: str


MESSAGES: dict[Check, _Message] = {
    "off_anchor": _Message(
        "row",
        "dated off the calendar {name}",
        "Date every {unit} the same way, set frequency to the calendar of the dates, or set aggregate",
    ),
    "timed": _Message(
        "row",
        "with a time of day",
        "Provide one row per {unit}, and dates without a time of day, or set aggregate to combine rows",
    ),
    "duplicates": _Message(
        "series", "with duplicate {unit}s", "Keep one row per series and {unit}, or set aggregate to combine them"
    ),
    "repeated": _Message(
        "series", "with several rows on one date", "Keep one of them, or set aggregate=sum to add them"
    ),
    "tied": _Message(
        "value",
        "that aggregate=last cannot choose, because a row of the same time has another value",
        "Keep one of the rows, or set another rule, e.g. aggregate=mean",
    ),
    "stepped": _Message("series", "with a longer step than one {unit}", OTHER_CALENDAR),
    "spaced": _Message(
        "series", "with a usual distance of several {unit}s, which would have no demand in between", OTHER_CALENDAR
    ),
    "negative": _Message("row", "with negative demand", "Fix the values, or set negative_rule to clip or keep"),
}


def is_sound(problems: Problems) -> bool:
    """Return whether a shard has no problem that ends the run for sure."""
    return not any(problem.count for problem in problems.values() if not problem.of)


def report_problems(
    shards: Iterable[Problems], frequency: Frequency, findings: ValidationReport, *, is_combined: bool
) -> None:
    """Report the problems of all shards, with the first examples by key.

    Args:
        shards: The problems of each shard.
        frequency: The calendar.
        findings: Takes the findings.
        is_combined: Whether rows are combined into periods.
    """
    found = list(shards)
    by_check = {check: [problems[check] for problems in found if check in problems] for check in MESSAGES}
    levels = _levels(by_check, are_rows_missing=SOURCE in findings.dropped, is_combined=is_combined)
    for check, level in levels.items():
        message, problems = MESSAGES[check], by_check[check]
        examples = pl.concat(each.examples for each in problems if each.count)
        first = examples.sort(examples.columns).head(EXAMPLES)
        findings.add(
            SOURCE,
            message.noun,
            message.problem.format(unit=frequency.unit, name=frequency.name),
            remedy=message.remedy.format(unit=frequency.unit),
            count=sum(each.count for each in problems),
            examples=[f"{series_name(row[:-1])} {row[-1]}" for row in first.iter_rows()],
            level=level,
        )


def _levels(
    by_check: Mapping[Check, list[Problem]], *, are_rows_missing: bool, is_combined: bool
) -> dict[Check, Level]:
    """Return the level of each problem that is a finding.

    Without the rows that were dropped, any distance may look longer. Rows that are combined are events. In most series,
    the usual distance of events may be a month, so that is a warning.
    """
    levels: dict[Check, Level] = {}
    for check, problems in by_check.items():
        count, of = sum(each.count for each in problems), sum(each.of for each in problems)
        if not count or (of and are_rows_missing):
            continue
        if check != "spaced":
            levels[check] = "error" if count > MAX_STEPPED_SHARE * of else "note"
        elif count > MAX_SPACED_SHARE * of and levels.get("stepped") != "error":
            levels[check] = "warning" if is_combined else "error"
    return levels
