"""Encoding of static columns as numbers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from job_code.exogenous_files.text_categories import MAX_CATEGORIES, all_categories
from job_code.series.arrays import Booleans
from job_code.tables.validation_report import EXAMPLES, ValidationReport


@dataclass(frozen=True)
class StaticFeatures:
    """Static columns as numbers, one row per series.

    Attributes:
        columns: Float32 columns, null if missing.
        categorical: Names of the columns with categories.
    """

    columns: pl.DataFrame
    categorical: tuple[str, ...] = ()

    @classmethod
    def none(cls, series: int) -> Self:
        """Return an object without columns for a number of series."""
        return cls(pl.DataFrame(height=series))

    def select(self, series: Booleans) -> Self:
        """Return the features of the selected series."""
        return type(self)(self.columns.filter(pl.Series(series)), self.categorical)

    @cached_property
    def array(self) -> npt.NDArray[np.float32]:
        """The columns, NaN if missing, shape (columns, series)."""
        return np.array([column.to_numpy() for column in self.columns], dtype=np.float32).reshape(
            self.columns.width, self.columns.height
        )


@dataclass(frozen=True)
class StaticEncoding:
    """Encoding of the static columns, common to all series of a run.

    Attributes:
        numbers: Numeric columns.
        categories: Sorted values of each text column. A value is encoded as its position.
        ignored: Ignored columns, each with the reason.
    """

    numbers: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    ignored: tuple[str, ...]

    @classmethod
    def of(
        cls, schema: dict[str, pl.DataType], shards: Sequence[Mapping[str, frozenset[str] | None]]
    ) -> "StaticEncoding":
        """Derive the encoding from the values of all shards.

        Args:
            schema: Types of the columns.
            shards: For each shard, the result of `categories_of` for its text columns.
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

    def check_compatible(self, schema: dict[str, pl.DataType], findings: ValidationReport) -> Self:
        """Return the encoding with the ignored columns of a later run, and report incompatible columns.

        Args:
            schema: Types of the columns of the later run.
            findings: Takes columns that are missing or have another type than in training.
        """
        types = {name: _type_name(dtype) for name, dtype in schema.items()}
        missing = [name for name in self.columns if name not in schema]
        if missing:
            names = ", ".join(missing)
            findings.add_message(
                f"static: columns of the model are missing: {names}. Upload them, or train a new model"
            )
        for name in self.columns:
            was = "text" if name in self.categories else "a number"
            if name not in missing and types[name] != was:
                findings.add_message(
                    f"static: {name} is {types[name]}, but was {was} in training. Upload it as {was}, or train a "
                    "new model"
                )
        unknown = tuple(f"{name} (new to the model)" for name in schema if name not in self.columns)
        return replace(self, ignored=unknown)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the used columns, in the order of `encode`."""
        return (*self.numbers, *self.categories)

    def encode(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the columns as Float32, null if missing, infinite or an unknown category."""
        columns = []
        for name in self.numbers:
            finite = rows[name].cast(pl.Float32)
            columns.append(finite.set(finite.is_infinite().fill_null(False), None))
        for name, known in self.categories.items():
            codes = np.arange(len(known), dtype=np.float32)
            columns.append(rows[name].replace_strict(list(known), codes, default=None, return_dtype=pl.Float32))
        return pl.DataFrame(height=rows.height).with_columns(columns)


def report_unknown_categories(
    found: Mapping[str, Collection[str]],
    known: Mapping[str, Collection[str]],
    findings: ValidationReport,
    *,
    source: str,
) -> None:
    """Report values that a trained model has not seen. They count as missing.

    Args:
        found: Values of each text column of this run.
        known: Values of each text column of the model.
        findings: Takes a warning for each column without a known value, and a note for each with some unknown values.
        source: The input of the columns.
    """
    for name in sorted(found.keys() & known.keys()):
        unknown = sorted(set(found[name]) - set(known[name]))
        if unknown:
            findings.add(
                source,
                "value",
                f"of {len(found[name]):,} in {name} that the model has not seen",
                remedy="They count as missing. Train a new model to use them",
                count=len(unknown),
                examples=[repr(value) for value in unknown[:EXAMPLES]],
                level="warning" if len(unknown) == len(found[name]) else "note",
            )


def _type_name(dtype: pl.DataType) -> str:
    if dtype == pl.String:
        return "text"
    return "a number" if dtype.is_numeric() or dtype == pl.Boolean else f"a {dtype}"
