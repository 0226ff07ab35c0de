"""The configuration of a forecast: one flat set of keys for the file, the command line and the hyperparameters.

The infrastructure also imports this module, so that an invalid value fails at synth and not in a paid job.
"""

import difflib
import itertools
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import holidays
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from contract.periods import FREQUENCIES
from job_code.errors import InputError

OUTPUT_COLUMNS = ("ds", "mean")
WORKING_COLUMNS = (
    "_day",
    "_value",
    "_in_stock_share",
    "_hash",
    "_code",
    "_shard",
    "_at",
)  # the job adds them to the input

ColumnName = Annotated[str, Field(min_length=1)]
Quantile = Annotated[float, Field(gt=0, lt=1)]


class ForecastConfig(BaseModel):
    """Configuration of a forecast.

    Attributes:
        key: Columns that together identify a series. The forecasts have the same columns.
        time: Column with the date of the period.
        target: Column with the demand of the period.
        in_stock_column: Demand column with the in-stock share of the period, 0 to 1. None if there is no such column.
        frequency: `D`, `W`, `W-MON`...`W-SUN`, `MS` or `ME`. None to infer it from the dates.
        horizon: Number of periods to forecast after the cutoff.
        quantiles: Quantile levels between 0 and 1, ascending.
        history: Maximum number of periods to use, up to the cutoff. None for all.
        cutoff: Last observed period. None for the last period of the demand.
        cutoff_rule: `common` forecasts every series from the same cutoff, `series` each from its own last period.
        gap_rule: Meaning of a period without a row or value between two observed periods.
        negative_rule: Handling of negative demand: `clip` counts it as zero, `keep` keeps it, `error` fails the run.
        country_holidays: Country or region whose public holidays the model uses: `US`, `DE-BY`.
        sample_rows: Approximate number of rows to train and backtest on. If there are more, a stratified sample.
        backtest_horizons: Maximum number of horizons to hold out; at most a quarter of the usual history.
        n_estimators: Boosting rounds of the LightGBM model.
        learning_rate: Shrinkage of LightGBM.
        num_leaves: Maximum number of leaves of a tree.
        min_child_samples: Minimum number of training rows of a leaf. On small data, 1 % of the rows suffices.
        seed: Seed of all random numbers. Runs with the same seed are identical to the last bit.
        max_model_age_days: Maximum age of a model that is reused without training.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: tuple[ColumnName, ...] = Field(default=("unique_id",), min_length=1)
    time: ColumnName = "ds"
    target: ColumnName = "y"
    in_stock_column: ColumnName | None = None
    frequency: str | None = None
    horizon: int = Field(default=12, ge=1, le=366)
    quantiles: tuple[Quantile, ...] = Field(default=(0.1, 0.5, 0.9), min_length=1)
    history: int | None = Field(default=None, ge=1)
    cutoff: date | None = None
    cutoff_rule: Literal["common", "series"] = "common"
    gap_rule: Literal["zero", "carry_forward"] = "zero"
    negative_rule: Literal["clip", "keep", "error"] = "clip"
    country_holidays: str | None = None
    sample_rows: int = Field(default=1_500_000, ge=10_000)
    backtest_horizons: int = Field(default=3, ge=1)
    n_estimators: int = Field(default=200, ge=1, le=10_000)
    learning_rate: float = Field(default=0.08, gt=0, le=1)
    num_leaves: int = Field(default=31, ge=2, le=4096)
    min_child_samples: int = Field(default=200, ge=1)
    seed: int = Field(default=0, ge=0)
    max_model_age_days: int = Field(default=35, ge=0)

    @field_validator("frequency")
    @classmethod
    def _known_frequency(cls, value: str | None) -> str | None:
        if value is not None and value not in ("W", *FREQUENCIES):
            raise ValueError(f"{value!r} is not a known frequency. Use D, W, W-MON ... W-SUN, MS or ME")
        return value

    @field_validator("country_holidays")
    @classmethod
    def _known_country(cls, value: str | None) -> str | None:
        if value is not None:
            country, _, part = value.partition("-")
            try:
                holidays.country_holidays(country, subdiv=part or None, years=2026)
            except NotImplementedError:
                raise ValueError(f"{value!r} has no known holidays. Write a code like DE or DE-BY") from None
        return value

    @field_validator("quantiles")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in itertools.pairwise(value)):
            raise ValueError("levels must be ascending, without duplicates")
        if len(set(map(quantile_column, value))) < len(value):
            raise ValueError("levels are too close together: two of them have the same column name")
        return value

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        named = [*self.key, *self.observed_columns]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"key, time, target and in_stock_column use the same column: {', '.join(twice)}")
        taken = sorted(set(self.key) & {*OUTPUT_COLUMNS, *self.quantile_columns})
        working = sorted(set(named) & set(WORKING_COLUMNS))
        if working:
            raise ValueError(f"key, time and target cannot be named {', '.join(working)}. Rename the column")
        if taken:
            raise ValueError(f"key: the forecasts have output columns named {', '.join(taken)}. Rename the key column")
        return self

    @property
    def observed_columns(self) -> tuple[str, ...]:
        """Columns of the demand without the key: time, target and, if configured, in-stock share."""
        return (
            (self.time, self.target) if self.in_stock_column is None else (self.time, self.target, self.in_stock_column)
        )

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


def read_config_file(path: Path) -> dict[str, Any]:
    """Read configuration keys from the `[forecast]` table of a TOML file, or from its top level without such a table.

    Raises:
        InputError: If the file is missing, unreadable or not valid TOML.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError([f"configuration: file {path} does not exist. Check the path"]) from None
    except OSError as error:
        raise InputError([f"configuration: {path} cannot be read: {error.strerror}. Check the path"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([f"configuration: {path} is not valid TOML: {error}. Fix the file"]) from None
    forecast = document.get("forecast", document)
    return forecast if isinstance(forecast, dict) else document


def describe(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return one line per problem: the dotted key, the reason and, for an unknown key, the known keys."""
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"{where}: unknown key{_suggestion(problem['loc'], model)}")
        else:
            reason = problem["msg"].removeprefix("Value error, ")
            actual = "" if problem["type"] in ("missing", "value_error") else f", not {problem['input']!r}"
            lines.append(f"{where}: {reason}{actual}" if where else reason)
    return lines


def _suggestion(location: Sequence[int | str], model: type[BaseModel]) -> str:
    current: Any = model
    for part in location[:-1]:
        field = current.model_fields.get(part) if hasattr(current, "model_fields") else None
        current = field.annotation if field else None
    known = sorted(current.model_fields) if hasattr(current, "model_fields") else []
    close = difflib.get_close_matches(str(location[-1]), known, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f"{hint} (known: {', '.join(known)})" if known else hint


def _is_sequence(name: str, model: type[ForecastConfig]) -> bool:
    field = model.model_fields.get(name)
    return field is not None and isinstance(field.default, tuple)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _to_string(value: object) -> str:
    if value is None:
        return ""
    return ",".join(str(part) for part in value) if isinstance(value, tuple) else str(value)
