"""The configuration of a forecast: one flat set of keys for the file, the command line and the hyperparameters.

The infrastructure also imports this module, so that an invalid value fails at synth and not in a paid job.
"""

import itertools
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    field_validator,
    model_validator,
)

from contract.calendar.frequencies import PeriodLabel, canonical_name
from contract.calendar.labels import label_text
from job_code.config_problems import describe
from job_code.config_rules import (
    check_calendar,
    check_columns,
    check_covariates,
    composed,
    known_country,
    known_encoding,
    known_zone,
    of_column,
    plausible_label,
)
from job_code.errors import InputError

OUTPUT_COLUMNS = ("ds", "mean")
WORKING_COLUMNS = (
    "_moment",
    "_value",
    "_in_stock_share",
    "_hash",
    "_code",
    "_shard",
    "_at",
)  # the job adds them to the input

ColumnName = Annotated[str, Field(min_length=1), AfterValidator(composed)]
AggregationRule = Literal["sum", "mean", "last", "min", "max", "count"]
CovariateRule = AggregationRule | Literal["hold"]
COVARIATE_RULES: tuple[str, ...] = (*get_args(AggregationRule), "hold")
GapRule = Literal["zero", "carry_forward", "interpolate", "mean", "median", "value", "missing"]
Quantile = Annotated[float, Field(gt=0, lt=1)]


OfColumn = Annotated[str, AfterValidator(of_column)]
PeriodOfCutoff = Annotated[
    date | datetime | int, BeforeValidator(plausible_label), PlainSerializer(label_text, when_used="json")
]


class ForecastConfig(BaseModel):
    """Configuration of a forecast. The docstring below each field is its meaning in docs/configuration.md."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    key: tuple[ColumnName, ...] = Field(default=("unique_id",), min_length=1)
    """Columns that together identify a series. The forecasts have the same columns."""
    time: ColumnName = "ds"
    """Column with the date of the period, its time, or its number."""
    target: ColumnName = "y"
    """Column with the demand of the period."""
    in_stock_column: ColumnName | None = None
    """Column of the demand with the share of the period in stock, 0 to 1. If absent, every period is in stock."""
    frequency: str | None = None
    """pandas' name of the calendar, such as `h`, `D`, `W-MON`, `MS` or `QS-JAN` ([all names](calendars.md)). The job
    infers what a shorter name lacks, such as the weekday of `W`. If absent, it infers the whole frequency. A schedule
    needs a complete name."""
    time_zone: Annotated[str, AfterValidator(known_zone)] | None = None
    """IANA name of the zone of the periods, such as `Europe/Berlin`. Times with a zone are converted to it. Periods
    shorter than a day are numbered in UTC, and the calendar features are local. It needs `frequency`. If absent, a time
    has the date and hour that it is written with."""
    period_label: PeriodLabel = "start"
    """Whether a period's date is its first day or its last (`end`). An hour or its part has its begin or its end as
    label. The names of months, quarters and years already say it. A deployed environment has this in `[schedule]`."""
    horizon: int = Field(default=12, ge=1, le=2_000)
    """Number of periods to forecast after the cutoff."""
    quantiles: tuple[Quantile, ...] = Field(default=(0.1, 0.5, 0.9), min_length=1)
    """Quantile levels, ascending. Each has a column in the forecasts, such as `q10`."""
    history: int | None = Field(default=None, ge=1)
    """Maximum number of periods to use, up to the cutoff. If absent, the job uses all."""
    cutoff: PeriodOfCutoff | None = None
    """Last observed period of one run. If absent, the last period of the demand. An environment file must not have it:
    start that run with `{"cutoff": "2026-11-16"}`."""
    cutoff_rule: Literal["common", "series"] = "common"
    """`common` forecasts every series from the same cutoff, `series` each from its own last period."""
    aggregate: Literal["auto", "none", "sum", "mean", "last", "min", "max", "count"] = "auto"
    """How several rows of a series and period become one: their sum, mean, minimum, maximum or number, or the last.
    With `none`, each row must be a period. `auto` sums rows if most are dated between the periods of a configured
    frequency. Otherwise it means `none`."""
    day_begins_at: int = Field(default=0, ge=0, le=23)
    """Hour at which a day begins, and with it a week or month. Rows with an earlier time belong to the day before.
    Dates stay, and so does a column that has only midnights in all files. It needs a `frequency` of days or longer
    periods."""
    unfinished_period: Literal["drop", "keep", "error"] = "drop"
    """Handling of a last period that is not complete. Its rows end clearly earlier than those of the periods before.
    Only rows that are combined into periods show that."""
    gap_rule: GapRule = "zero"
    """Meaning of a period without a row or value between two observed ones. With `zero` there was no demand, with
    `value` the demand was `gap_value`. All others mean unknown demand. The model is neither trained nor scored on it.
    Its history then has an estimate. `missing` estimates as for stockouts, the others by their names."""
    gap_value: float = Field(default=0.0, allow_inf_nan=False)
    """Demand of a gap with the `gap_rule` `value`."""
    start_rule: Literal["first_value", "zero"] = "first_value"
    """Begin of a series: its first value, or with `zero` the period in which all demand begins. It had no demand in
    between. A few rows long before all others are not that begin."""
    end_rule: Literal["zero", "missing"] = "zero"
    """Meaning of the periods after the last value of a series: no demand, or unknown demand that is estimated."""
    negative_rule: Literal["clip", "keep", "error"] = "clip"
    """Handling of negative demand: `clip` counts it as zero, `keep` keeps it, `error` fails the run."""
    future_rule: Literal["error", "keep"] = "error"
    """Handling of values dated after the day of the run: `error` fails the run, `keep` uses them like others. With a
    configured cutoff, later values are ignored."""
    covariate_rules: tuple[OfColumn, ...] = ()
    """How several rows of a covariate become one value of a period, by column: `price=hold`, `promotion=max`. The rules
    are `sum`, `mean`, `last`, `min`, `max`, `count` and `hold`. With `hold`, the last value also lasts until the next
    row of its key. Without a rule, each row must be a period, unless the rows are clearly finer. Then numbers become
    their mean, booleans their maximum, and texts the last one. `aggregate = "none"` prevents that."""
    covariate_defaults: tuple[OfColumn, ...] = ()
    """Values of covariates in periods without one, by column: `promotion=0`, `event=none`. They also apply to the
    periods to forecast."""
    country_holidays: Annotated[str, AfterValidator(known_country)] | None = None
    """Country or region whose public holidays the model uses, such as `US` or `DE-BY`. If absent, it uses none."""
    sample_rows: int = Field(default=1_500_000, ge=10_000)
    """Approximate number of rows to train and backtest on. If there are more, the job draws a stratified sample."""
    backtest_horizons: int = Field(default=3, ge=1)
    """Maximum number of horizons to hold out for the backtest. The job holds out at most a quarter of the usual
    history."""
    n_estimators: int | None = Field(default=None, ge=1, le=10_000)
    """Boosting rounds of the LightGBM model. If absent, 200, or 400 for periods shorter than a day. Such periods have
    the average of two models."""
    learning_rate: float = Field(default=0.08, gt=0, le=1)
    """Shrinkage of LightGBM."""
    num_leaves: int | None = Field(default=None, ge=2, le=4096)
    """Maximum number of leaves of a tree. If absent, 31, or 127 for periods shorter than a day."""
    min_child_samples: int = Field(default=200, ge=1)
    """Minimum number of training rows of a leaf. On small data, 1 % of the rows suffices."""
    encoding: Annotated[str, AfterValidator(known_encoding)] = "utf-8"
    """Encoding of CSV and JSON files, such as `latin-1` or `cp1252`. A byte order mark in a file precedes it."""
    decimal: Literal[".", ","] | None = None
    """Decimal sign of numbers in text, as in CSV files; the other sign separates thousands. If absent, the job finds it
    out, and rejects values that are unclear."""
    seed: int = Field(default=0, ge=0)
    """Seed of all random numbers. Runs with the same seed are identical to the last bit."""
    max_model_age_days: int = Field(default=35, ge=0)
    """Maximum age in days of a model that `{"mode": "infer"}` reuses without training."""

    @field_validator("frequency")
    @classmethod
    def _known_frequency(cls, value: str | None) -> str | None:
        return None if value is None else canonical_name(value)

    @field_validator("quantiles")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in itertools.pairwise(value)):
            raise ValueError("levels must be ascending, without duplicates")
        if len(set(map(quantile_column, value))) < len(value):
            raise ValueError("levels are too close together: two of them have the same column name")
        return value

    @field_validator("covariate_rules")
    @classmethod
    def _known_rules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for column, rule in _by_column(value).items():
            if rule not in COVARIATE_RULES:
                raise ValueError(f"{column}={rule}: the rule must be one of {', '.join(COVARIATE_RULES)}")
        return value

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        of_covariates = {"covariate_rules": self.covariate_rules, "covariate_defaults": self.covariate_defaults}
        check_covariates(of_covariates, {*self.key, self.time, self.target})
        check_columns(
            self.key, self.observed_columns, outputs={*OUTPUT_COLUMNS, *self.quantile_columns}, working=WORKING_COLUMNS
        )
        check_calendar(
            self.frequency,
            time_zone=self.time_zone,
            day_begins_at=self.day_begins_at,
            country=self.country_holidays,
            label=self.period_label,
        )
        if self.gap_value and self.gap_rule != "value":
            raise ValueError("gap_value: only the gap_rule value uses it. Set gap_rule, or remove gap_value")
        return self

    @property
    def observed_columns(self) -> tuple[str, ...]:
        """Columns of the demand without the key: time, target and, if configured, in-stock share."""
        return (
            (self.time, self.target) if self.in_stock_column is None else (self.time, self.target, self.in_stock_column)
        )

    @property
    def rules_of_covariates(self) -> dict[str, CovariateRule]:
        """The configured rule of each covariate that has one."""
        return {column: cast(CovariateRule, rule) for column, rule in _by_column(self.covariate_rules).items()}

    @property
    def defaults_of_covariates(self) -> dict[str, str]:
        """The value of each covariate that has one for periods without a value."""
        return _by_column(self.covariate_defaults)

    @property
    def quantile_columns(self) -> tuple[str, ...]:
        """Names of the quantile columns of the forecasts, in the order of `quantiles`: `q10`, `q97_5`."""
        return tuple(quantile_column(level) for level in self.quantiles)

    def to_strings(self) -> dict[str, str]:
        """Return every key as a string, as hyperparameters require. None becomes an empty string."""
        return {name: _to_string(getattr(self, name)) for name in type(self).model_fields}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, source: str) -> Self:
        """Build a configuration from strings (hyperparameters, `--set`) or typed values (TOML).

        Args:
            values: Configuration keys with their values.
            source: Origin of the values, for the message.

        Raises:
            InputError: With every invalid key and value.
        """
        split = {name: _split(value) if _is_sequence(name, cls) else value for name, value in values.items()}
        try:
            return cls.model_validate({name: value for name, value in split.items() if value != ""})
        except ValidationError as error:
            raise InputError([f"{source}: {problem}" for problem in describe(error, cls)]) from None


def quantile_column(level: float) -> str:
    """Return the column name of a quantile level: `q10` for 0.1, `q97_5` for 0.975."""
    return "q" + f"{level * 100:.6f}".rstrip("0").rstrip(".").replace(".", "_")


def _by_column(values: Iterable[str]) -> dict[str, str]:
    return {column: value for column, _, value in (each.rpartition("=") for each in values)}


def _is_sequence(name: str, model: type[ForecastConfig]) -> bool:
    field = model.model_fields.get(name)
    return field is not None and isinstance(field.default, tuple)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _to_string(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return label_text(value)
    return ",".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
