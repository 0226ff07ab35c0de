"""Report how the rows of covariates became periods: combined, held, filled by a default, or too sparse."""

from collections.abc import Collection, Sequence

from job_code.config import ForecastConfig
from job_code.exogenous.covariate_store import MAX_MISSING_SHARE, StoredTable
from job_code.exogenous_files.covariate_counts import TableCounts
from job_code.exogenous_files.covariate_reading import SOURCE
from job_code.exogenous_files.covariate_rules import by_column
from job_code.preparation.prepare import PreparedDemand
from job_code.tables.column_types import TRUTHS
from job_code.tables.validation_report import ValidationReport, plural

DENSE = 0.5  # of the periods of the keys; a column with fewer values is probably of a coarser calendar
SHOWN_RULES = 5
WORDS_FOR_NOTHING = ("none", "None", "no", "No", "nothing", "0", "off")


def report_calendars(demand: PreparedDemand, config: ForecastConfig, findings: ValidationReport) -> None:
    """Report what the rules of covariates did, and columns that probably need a rule.

    Args:
        demand: Prepared demand with covariates.
        config: Its horizon is the number of periods to forecast.
        findings: Takes notes and warnings.
    """
    unit = demand.calendar.frequency.unit
    for table in demand.covariates.tables:
        counts = demand.covariate_counts.get(table.number)
        if counts is None:  # public holidays have no rows
            continue
        if counts.rows != counts.cells:
            rules = [f"{name}={rule}" for name, rule in table.schema.rules.items()]
            more = f" and {len(rules) - SHOWN_RULES:,} more" if len(rules) > SHOWN_RULES else ""
            findings.add_message(
                f"{SOURCE}: {plural(counts.rows, 'row')} became {plural(counts.cells, unit)} of keys, by "
                f"{', '.join(rules[:SHOWN_RULES])}{more}. The setting is covariate_rules",
                level="note",
            )
        _report_held(table, counts, demand, config.horizon, findings)
        _report_defaults(table, demand, config, findings)
        sparse = _warn_sparse(table, counts, demand, config, findings)
        _warn_missing(table, demand, findings, without=sparse)


def _report_held(
    table: StoredTable, counts: TableCounts, demand: PreparedDemand, horizon: int, findings: ValidationReport
) -> None:
    unit = demand.calendar.frequency.unit
    for at, name in enumerate(table.schema.names):
        if not table.schema.held[at]:
            continue
        if name in demand.past_only:
            findings.add_message(
                f"{SOURCE}: {name} has no row after the end of the demand, but values in "
                f"{counts.recent_share(at, horizon):.0%} of the {plural(horizon, unit)} before. Its later "
                "values are not known, so the run does not use it. Upload planned values",
                level="warning",
            )
        elif counts.held[at] and name not in demand.covariates.dropped:
            share = counts.held[at] / max(1, counts.keys[at] * horizon)
            findings.add_message(
                f"{SOURCE}: {name} keeps the last value of its key for {min(share, 1.0):.0%} of the periods to "
                "forecast, because its rule is hold. Upload later values if they are known",
                level="note",
            )


def _warn_missing(
    table: StoredTable, demand: PreparedDemand, findings: ValidationReport, *, without: Collection[str]
) -> None:
    """Warn of columns that the run does not use, because most series have no value in the periods to forecast.

    Columns with a warning of their own are left out: those in `without`, and held ones that end with the demand.
    """
    for name, is_held in zip(table.schema.names, table.schema.held, strict=True):
        share = demand.missing_in_horizon.get(name, 0.0)
        is_missing = name in demand.covariates.dropped and share > MAX_MISSING_SHARE
        if not is_missing or name in without or (is_held and name in demand.past_only):
            continue
        if is_held:
            remedy = "Add rows of the other keys"
        elif table.schema.is_known_until(name, demand.calendar.cutoff, demand.calendar.frequency):
            remedy = "Upload planned values, or remove the column"
        else:
            remedy = "Add the missing rows or values"
        findings.add_message(
            f"{SOURCE}: {name} is missing for {share:.0%} of the periods to forecast, so the run does not use it. "
            f"{remedy}",
            level="warning",
        )


def _report_defaults(
    table: StoredTable, demand: PreparedDemand, config: ForecastConfig, findings: ValidationReport
) -> None:
    for name in table.schema.defaults:
        if table.schema.is_known_until(name, demand.calendar.cutoff, demand.calendar.frequency):
            findings.add_message(
                f"{SOURCE}: {name} has no value after the cutoff. In all periods to forecast it is "
                f"{config.defaults_of_covariates[name]}, by covariate_defaults. Upload planned values if there are any",
                level="note",
            )


def _warn_sparse(
    table: StoredTable, counts: TableCounts, demand: PreparedDemand, config: ForecastConfig, findings: ValidationReport
) -> list[str]:
    """Warn of columns with values in few periods, and return their names."""
    found = []
    unit = demand.calendar.frequency.unit
    share = counts.cells / max(1, counts.covered)  # empty values do not count: an event calendar has many
    for at, name in enumerate(table.schema.names):
        is_stated = table.schema.held[at] or name in table.schema.defaults or name in demand.past_only
        if not is_stated and 0 < share < DENSE:
            usual = _usual_value(table.schema.categorical.get(name))
            rules = by_column(config.rules_of_covariates | {name: "hold"})
            defaults = by_column(config.defaults_of_covariates | {name: usual})
            found.append(name)
            findings.add_message(
                f"{SOURCE}: {name} has a row for {share:.0%} of the {unit}s of its keys. If a value holds until the "
                f"next row, set covariate_rules={rules}. If {unit}s without a row have a usual value, set it, e.g. "
                f"covariate_defaults={defaults}",
                level="warning",
            )
    return found


def _usual_value(categories: Sequence[str] | None) -> str:
    """Return what a column probably has where nothing happens, for the example of a default."""
    if categories is None:
        return "0"
    if set(categories) <= set(TRUTHS.values()):
        return "false"
    return next((word for word in WORDS_FOR_NOTHING if word in categories), "none")
