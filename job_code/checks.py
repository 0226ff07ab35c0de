"""Checks demand against its calendar: anchor, duplicates, signs and cutoff."""

from dataclasses import dataclass

import polars as pl

from job_code.config import ForecastConfig
from job_code.demand import DAY, SOURCE, VALUE, Demand, series_name
from job_code.errors import InputError
from job_code.findings import EXAMPLES, Findings, plural
from job_code.frequency import Frequency, resolve_frequency

PERIOD = "_period"
ROWS = "_rows"


@dataclass(frozen=True)
class CheckedDemand:
    """Demand that is known to be sound.

    Attributes:
        rows: Key columns, `_period` (number of the row's period) and `_value`.
        frequency: What the period numbers count.
        cutoff: Number of the last observed period that is used.
    """

    rows: pl.DataFrame
    frequency: Frequency
    cutoff: int


def check_demand(demand: Demand, config: ForecastConfig, findings: Findings) -> CheckedDemand:
    """Finds all that is wrong with the demand as a whole.

    Raises:
        InputError: With everything found so far, in the files and here.
    """
    try:
        frequency = resolve_frequency(config.frequency, demand.rows[DAY])
    except InputError as error:
        raise InputError([*findings.messages(), *error.problems]) from None
    rows = demand.rows.with_columns(frequency.to_period(pl.col(DAY)).alias(PERIOD))
    _check_anchor(rows, frequency, config, findings)
    _check_duplicates(rows, frequency, config, findings)
    _check_signs(rows, config, findings)
    cutoff = _check_cutoff(rows, frequency, config, findings)
    findings.raise_if_any()
    return CheckedDemand(rows.drop(DAY), frequency, cutoff)


def _check_anchor(rows: pl.DataFrame, frequency: Frequency, config: ForecastConfig, findings: Findings) -> None:
    bad = rows.filter(frequency.is_off_anchor(pl.col(DAY)))
    findings.add(
        SOURCE,
        "row",
        f"dated off the calendar {frequency.name}",
        remedy=f"date every {frequency.unit} alike, or configure the frequency the dates have",
        count=bad.height,
        examples=_examples(bad, config),
    )


def _check_duplicates(rows: pl.DataFrame, frequency: Frequency, config: ForecastConfig, findings: Findings) -> None:
    repeated = rows.group_by(*config.key, PERIOD).agg(pl.len().alias(ROWS), pl.col(DAY).min()).filter(pl.col(ROWS) > 1)
    findings.add(
        SOURCE,
        "series",
        f"with duplicate {frequency.unit}s",
        remedy=f"keep one row per series and {frequency.unit}",
        count=repeated.select(config.key).n_unique() if repeated.height else 0,
        examples=_examples(repeated, config),
    )


def _check_signs(rows: pl.DataFrame, config: ForecastConfig, findings: Findings) -> None:
    if config.negative_rule == "error":
        bad = rows.filter(pl.col(VALUE) < 0)
        findings.add(
            SOURCE,
            "row",
            "with negative demand",
            remedy="mend them, or configure negative_rule to clip or keep",
            count=bad.height,
            examples=_examples(bad, config),
        )


def _check_cutoff(rows: pl.DataFrame, frequency: Frequency, config: ForecastConfig, findings: Findings) -> int:
    """Returns the number of the last observed period that is used."""
    # A row without a value, a calendar laid out for the future say, observes nothing.
    periods = rows.filter(pl.col(VALUE).is_not_null())[PERIOD].to_numpy()
    if not len(periods):
        if not findings.messages():
            findings.state(f"demand: no row has a value in {config.target}; upload demand, or name another target")
        return 0
    earliest, latest = int(periods.min()), int(periods.max())
    if config.cutoff is None:
        return latest
    asked = frequency.period_of(config.cutoff)
    labelled = frequency.date_of(asked)
    if labelled != config.cutoff:
        near = f"{frequency.date_of(asked - 1)}, {labelled} or {frequency.date_of(asked + 1)}"
        findings.state(f"cutoff: {config.cutoff} is no date of the calendar {frequency.name}; ask for {near}")
    elif asked < earliest:
        first = frequency.date_of(earliest)
        findings.state(f"cutoff: {config.cutoff} lies before all demand; ask for {first}, its first date, or later")
    elif asked > latest:
        last, missing = frequency.date_of(latest), plural(asked - latest, frequency.unit)
        findings.state(
            f"cutoff: demand ends {last}, {missing} before the cutoff {config.cutoff}; "
            f"upload what is missing, or ask for the cutoff {last}"
        )
    return asked


def _examples(rows: pl.DataFrame, config: ForecastConfig) -> list[str]:
    some = rows.sort(*config.key, DAY).head(EXAMPLES) if rows.height else rows
    return [f"{series_name(row[:-1])} {row[-1]}" for row in some.select(*config.key, DAY).iter_rows()]
