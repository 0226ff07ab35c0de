"""How columns that describe a series become numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from job_code.series.arrays import Booleans
from job_code.tables.validation_report import ValidationReport

MAX_CATEGORIES = 255  # beyond it a category says little of its own and LightGBM's search over splits grows slow


@dataclass(frozen=True)
class StaticFeatures:
    """Static columns as numbers, one row a series.

    Attributes:
        columns: Float32, null where unknown.
        categorical: Names of those that hold categories.
    """

    columns: pl.DataFrame
    categorical: tuple[str, ...] = ()

    @classmethod
    def none(cls, series: int) -> Self:
        """No columns, for a number of series."""
        return cls(pl.DataFrame(height=series))

    def select(self, series: Booleans) -> Self:
        """Keeps some of the series."""
        return type(self)(self.columns.filter(pl.Series(series)), self.categorical)

    @cached_property
    def array(self) -> npt.NDArray[np.float32]:
        """The columns, NaN where unknown, shape (columns, series)."""
        return np.array([column.to_numpy() for column in self.columns], dtype=np.float32).reshape(
            self.columns.width, self.columns.height
        )


@dataclass(frozen=True)
class StaticEncoding:
    """How static columns become numbers, the same for every series of a run.

    Attributes:
        numbers: Columns used as they are.
        categories: Column of text -> its values, sorted; each becomes its position.
        ignored: Columns that are not used, each with the reason.
    """

    numbers: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    ignored: tuple[str, ...]

    @classmethod
    def of(
        cls, schema: dict[str, pl.DataType], shards: Sequence[Mapping[str, frozenset[str] | None]]
    ) -> "StaticEncoding":
        """Settles the encoding by what all shards hold.

        Args:
            schema: Types of the columns.
            shards: Of each shard, what `categories_of` gave for its text columns.
        """
        numbers, categories, ignored = [], {}, []
        for name, dtype in schema.items():
            if dtype.is_numeric() or dtype == pl.Boolean:
                numbers.append(name)
            elif dtype != pl.String:
                ignored.append(f"{name} (neither number nor text)")
            else:
                found = all_categories(categories[name] for categories in shards)
                if found is None:
                    ignored.append(f"{name} (text with more than {MAX_CATEGORIES} different values)")
                else:
                    categories[name] = found
        return cls(tuple(numbers), categories, tuple(ignored))

    def fit(self, schema: dict[str, pl.DataType], findings: ValidationReport) -> Self:
        """Looks whether a later run's columns are those that a model was trained with.

        Args:
            schema: Types of that run's columns.
            findings: Takes note of columns that are missing or of another kind.
        """
        kinds = {name: _kind(dtype) for name, dtype in schema.items()}
        missing = [name for name in self.columns if name not in schema]
        if missing:
            which = ", ".join(missing)
            findings.state(f"static: {which} is missing, which the model was trained with; upload it, or train anew")
        for name in self.columns:
            was = "text" if name in self.categories else "a number"
            if name not in missing and kinds[name] != was:
                findings.state(
                    f"static: {name} is {kinds[name]}, and was {was} when the model was trained; upload it as it was, "
                    "or train anew"
                )
        unknown = tuple(f"{name} (new to the model)" for name in schema if name not in self.columns)
        return replace(self, ignored=unknown)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are used, in the order of `encode`."""
        return (*self.numbers, *self.categories)

    def encode(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Turns what was given into numbers: Float32, null where unknown."""
        columns = []
        for name in self.numbers:
            finite = rows[name].cast(pl.Float32)
            columns.append(finite.set(finite.is_infinite().fill_null(False), None))
        for name, known in self.categories.items():
            codes = np.arange(len(known), dtype=np.float32)
            columns.append(rows[name].replace_strict(list(known), codes, default=None, return_dtype=pl.Float32))
        return pl.DataFrame(height=rows.height).with_columns(columns)


def _kind(dtype: pl.DataType) -> str:
    if dtype == pl.String:
        return "text"
    return "a number" if dtype.is_numeric() or dtype == pl.Boolean else f"a {dtype}"


def categories_of(column: pl.Series) -> frozenset[str] | None:
    """The different values of a text column; None where there are too many to be of use."""
    found = column.drop_nulls().unique()
    return frozenset(found.to_list()) if len(found) <= MAX_CATEGORIES else None


def all_categories(parts: Iterable[Iterable[str] | None]) -> tuple[str, ...] | None:
    """What several parts of a column hold together, sorted; None where that is too much to be of use."""
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= set(part)
        if len(found) > MAX_CATEGORIES:
            return None
    return tuple(sorted(found))
