"""Decide how the rows of each covariate become values of periods, from the configuration or from the rows."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import polars as pl

from job_code.config import CovariateRule, ForecastConfig
from job_code.demand.aggregation import PER_PERIOD, is_finer
from job_code.exogenous_files.covariate_alignment import ORDERED
from job_code.exogenous_files.covariate_reading import SOURCE
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.exogenous_files.covariate_shuffle_files import ShuffledTable
from job_code.exogenous_files.shuffled_covariates import ShuffledCovariates
from job_code.series.frequency import Frequency
from job_code.tables.column_types import TRUTHS
from job_code.tables.validation_report import ValidationReport

SHOWN_CATEGORIES = 3


def resolve_rules(
    covariates: ShuffledCovariates, frequency: Frequency, config: ForecastConfig, findings: ValidationReport
) -> ShuffledCovariates:
    """Return the covariates with the rule and the default value of each column.

    Args:
        covariates: All covariates.
        frequency: Calendar of the demand.
        config: Its `covariate_rules` and `covariate_defaults`. With `aggregate` `none`, no other column has a rule.
        findings: Takes invalid rules and defaults.
    """
    configured: dict[str, Sequence[str]] = {
        "covariate_rules": tuple(config.rules_of_covariates),
        "covariate_defaults": tuple(config.defaults_of_covariates),
    }
    for setting, names in configured.items():
        unknown = [name for name in names if name not in covariates.columns]
        if unknown and covariates.columns:
            findings.add_message(
                f"{setting}: no covariate is named {', '.join(unknown)}. "
                f"The files have {', '.join(sorted(covariates.columns))}"
            )
    tables = tuple(_with_rules(table, frequency, config, findings) for table in covariates.tables)
    return replace(covariates, tables=tables)


def configured_rules(table: ShuffledTable) -> Mapping[str, CovariateRule]:
    """Return the rules of a table that the configuration has."""
    return {} if table.automatic else table.schema.rules


def default_rules(table: ShuffledTable, *, without: Collection[str] = ()) -> dict[str, CovariateRule]:
    """Return the usual rule of each column, by its type.

    Args:
        table: The table.
        without: Names of columns to leave out.
    """
    return {name: _default_rule(name, table) for name in table.schema.names if name not in without}


def by_column(values: Mapping[str, str]) -> str:
    """Return the value of `covariate_rules` or `covariate_defaults`, for messages."""
    return ",".join(f"{name}={value}" for name, value in values.items())


def _with_rules(
    table: ShuffledTable, frequency: Frequency, config: ForecastConfig, findings: ValidationReport
) -> ShuffledTable:
    schema = table.schema
    rules = {name: rule for name, rule in config.rules_of_covariates.items() if name in schema.names}
    for name in schema.categorical:
        if rules.get(name, "last") not in ORDERED:
            setting = by_column(config.rules_of_covariates | {name: "last"})
            findings.add_message(
                f"{SOURCE}: {name} is text, so its rule cannot be {rules[name]}, but last or hold. "
                f"Set e.g. covariate_rules={setting}"
            )
            rules[name] = "last"
    automatic = not rules and config.aggregate != "none" and _is_finer(table, frequency)
    if automatic:
        rules = default_rules(table)
    schema = replace(schema, rules=rules)
    for name, text in config.defaults_of_covariates.items():
        if name in schema.names:
            schema = _with_default(schema, name, text, findings)
    return replace(table, schema=schema, automatic=automatic, moments=None)


def _default_rule(name: str, table: ShuffledTable) -> CovariateRule:
    if name in table.columns.texts:
        return "last"
    return "max" if name in table.booleans else "mean"


def _is_finer(table: ShuffledTable, frequency: Frequency) -> bool:
    """Return whether a table clearly has several rows for most keys and periods, at times between the labels.

    A price list also has many dates, but seldom two of one key in a period.
    """
    if table.moments is None or not table.moments.rows or not is_finer(frequency, table.moments):
        return False
    rows = cells = 0
    for shard in range(table.shards):
        own = table.read(shard)
        rows += len(own.hash)
        cells += pl.DataFrame({"hash": own.hash, "period": frequency.periods(own.moment)}).n_unique()
    return rows >= PER_PERIOD * cells


def _with_default(schema: CovariateSchema, name: str, text: str, findings: ValidationReport) -> CovariateSchema:
    known = schema.categorical.get(name)
    if known is not None:
        text = TRUTHS.get(text, text)
        if text not in known:
            examples = ", ".join(map(repr, known[:SHOWN_CATEGORIES]))
            findings.add_message(
                f"covariate_defaults: {name}={text}, but no row has {text!r} in {name}, so it is a category of its "
                f"own. The rows have e.g. {examples}. Set one of them if {text!r} is a mistake",
                level="note",
            )
        known = known if text in known else (*known, text)
        categorical = {**schema.categorical, name: known}
        return replace(schema, categorical=categorical, defaults={**schema.defaults, name: float(known.index(text))})
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        findings.add_message(f"covariate_defaults: {name}={text}, but {name} is a number. Write a number")
        return schema
    positive = tuple(each for each in schema.positive if each != name or value > 0)
    return replace(schema, positive=positive, defaults={**schema.defaults, name: value})
