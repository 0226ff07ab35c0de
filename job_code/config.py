"""The forecast's configuration: one flat set of keys, the same in a file, on the command line and as hyperparameters.

The infrastructure imports this module too, so that a bad value fails at synth and not in a paid job.
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
WORKING_COLUMNS = ("_day", "_value", "_on_sale", "_hash", "_code", "_shard", "_at")  # the job's own, beside the key

ColumnName = Annotated[str, Field(min_length=1)]
Quantile = Annotated[float, Field(gt=0, lt=1)]


class ForecastConfig(BaseModel):
    """What to forecast, from which columns, and how.

    Attributes:
        key: Columns that together name a series; the forecasts carry them back.
        time: Column with the period's date.
        target: Column with the demand of the period.
        in_stock_column: Column of the demand with the share of the period on sale, 0 to 1; absent where none is known.
        frequency: `D`, `W`, `W-MON`...`W-SUN`, `MS` or `ME`; read off the data when absent.
        horizon: Periods to forecast after the cutoff.
        quantiles: Levels between 0 and 1, ascending.
        history: Periods before the cutoff that are used at most; all when absent.
        cutoff: Last observed period; the demand's last period when absent.
        cutoff_rule: `common` forecasts every series from the same cutoff, `series` each from its own last period.
        gap_rule: What a period without a row, or without a value, means between two observed ones.
        negative_rule: What negative demand means: `clip` counts it as zero, `keep` keeps it, `error` refuses.
        country_holidays: Country, or part of one, whose public holidays the model is told of: `US`, `DE-BY`.
        sample_rows: Rows the model learns from and is tested on, about; where there are more, a stratified sample.
        backtest_horizons: Horizons that the backtest holds out at most; no more than a quarter of the usual history.
        trees: Boosting rounds of the LightGBM model.
        learning_rate: LightGBM's shrinkage.
        leaves: Leaves a tree at most.
        min_child_samples: Training rows a leaf holds at least; on small data a hundredth of the rows suffices.
        seed: Makes the run repeatable to the last bit.
        max_model_age_days: A model that was trained longer ago is not used again without training.
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
            raise ValueError(f"{value!r} is none of D, W, W-MON ... W-SUN, MS, ME")
        return value

    @field_validator("country_holidays")
    @classmethod
    def _known_country(cls, value: str | None) -> str | None:
        if value is not None:
            country, _, part = value.partition("-")
            try:
                holidays.country_holidays(country, subdiv=part or None, years=2026)
            except NotImplementedError:
                raise ValueError(f"{value!r} has no known holidays; write it like DE or DE-BY") from None
        return value

    @field_validator("quantiles")
    @classmethod
    def _ascending(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(low >= high for low, high in itertools.pairwise(value)):
            raise ValueError("levels must ascend and be given once each")
        if len(set(map(quantile_column, value))) < len(value):
            raise ValueError("levels lie too close together to have column names of their own")
        return value

    @model_validator(mode="after")
    def _columns_are_distinct(self) -> Self:
        named = [*self.key, *self.observed_columns]
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise ValueError(f"key, time, target and in_stock_column name the same column: {', '.join(twice)}")
        taken = sorted(set(self.key) & {*OUTPUT_COLUMNS, *self.quantile_columns})
        working = sorted(set(named) & set(WORKING_COLUMNS))
        if working:
            raise ValueError(f"key, time and target cannot be named {', '.join(working)}; rename the column")
        if taken:
            raise ValueError(f"key: the forecasts have columns of their own named {', '.join(taken)}; rename the key")
        return self

    @property
    def observed_columns(self) -> tuple[str, ...]:
        """Columns of the demand beside its key."""
        return (
            (self.time, self.target) if self.in_stock_column is None else (self.time, self.target, self.in_stock_column)
        )

    @property
    def quantile_columns(self) -> tuple[str, ...]:
        """Names of the forecasts' quantile columns, in the order of `quantiles`: `q10`, `q97_5`."""
        return tuple(quantile_column(level) for level in self.quantiles)

    def to_strings(self) -> dict[str, str]:
        """Every key as a string, the way hyperparameters travel; an absent value is an empty string."""
        return {name: _to_string(getattr(self, name)) for name in type(self).model_fields}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], *, source: str) -> Self:
        """Builds a configuration from strings (hyperparameters, `--set`) or typed values (TOML).

        Args:
            values: Configuration keys with their values.
            source: Where they come from, for the message.

        Raises:
            InputError: With everything that is wrong at once.
        """
        split = {name: _split(value) if _is_sequence(name, cls) else value for name, value in values.items()}
        try:
            return cls.model_validate({name: value for name, value in split.items() if value != ""})
        except ValidationError as error:
            raise InputError([f"{source}: {problem}" for problem in describe(error, cls)]) from None


def quantile_column(level: float) -> str:
    """Column name of a quantile level: 0.1 is `q10`, 0.975 is `q97_5`."""
    return "q" + f"{level * 100:.6f}".rstrip("0").rstrip(".").replace(".", "_")


def read_config_file(path: Path) -> dict[str, Any]:
    """Reads configuration keys from a TOML file: its `[forecast]` table where it has one, else its top level.

    Raises:
        InputError: If the file is missing or not TOML.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError([f"configuration: there is no file {path}"]) from None
    except OSError as error:
        raise InputError([f"configuration: {path} cannot be read: {error.strerror}"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([f"configuration: {path} is not TOML: {error}"]) from None
    forecast = document.get("forecast", document)
    return forecast if isinstance(forecast, dict) else document


def describe(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line a problem, each with the dotted key, the reason and, for an unknown key, the known ones."""
    lines = []
    for problem in error.errors():
        where = ".".join(str(part) for part in problem["loc"])
        if problem["type"] == "extra_forbidden":
            lines.append(f"{where}: unknown key{_suggestion(problem['loc'], model)}")
        else:
            reason = problem["msg"].removeprefix("Value error, ")
            given = "" if problem["type"] in ("missing", "value_error") else f", not {problem['input']!r}"
            lines.append(f"{where}: {reason}{given}" if where else reason)
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
