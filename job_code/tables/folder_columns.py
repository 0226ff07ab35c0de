"""Columns in the names of folders, such as `store=S1`, as Hive and Spark write them."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import polars as pl

WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})")


@dataclass(frozen=True, kw_only=True)
class FolderColumns:
    """Wanted columns in the names of the folders of one file. The value None is a missing one.

    Attributes:
        added: Values of the columns that the file lacks.
        repeated: Values of the columns that the file has, too. Those of the file are used.
    """

    added: Mapping[str, str | None] = field(default_factory=dict)
    repeated: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, str | None], stored: Collection[str]) -> Self:
        """Divide the columns in the names of folders by whether the file has them.

        Args:
            values: Values by column.
            stored: Names of the columns of the file.
        """
        return cls(
            added={name: value for name, value in values.items() if name not in stored},
            repeated={name: value for name, value in values.items() if name in stored},
        )

    def only(self, names: Collection[str]) -> Self:
        """Return some of the columns."""
        return type(self)(
            added={name: value for name, value in self.added.items() if name in names},
            repeated={name: value for name, value in self.repeated.items() if name in names},
        )

    def constants(self, types: Mapping[str, pl.DataType]) -> list[pl.Expr]:
        """Return the columns that the file lacks, each in its type."""
        return [pl.lit(value).cast(types[name]).alias(name) for name, value in self.added.items()]

    def count_other(self, rows: pl.DataFrame) -> dict[str, int]:
        """Return how many values of each repeated column differ from the one in the name of the folder."""
        return {name: _count_other(rows[name], value) for name, value in self.repeated.items()}


def folder_types(folders: Iterable[FolderColumns]) -> dict[str, pl.DataType]:
    """Return the type of each added column over all files: whole numbers if all its values are, otherwise text."""
    values: dict[str, set[str]] = {}
    for each in folders:
        for name, value in each.added.items():
            values.setdefault(name, set()).update([] if value is None else [value])
    return {
        name: pl.Int64() if found and all(map(WHOLE_NUMBER.fullmatch, found)) else pl.String()
        for name, found in values.items()
    }


def _count_other(column: pl.Series, value: str | None) -> int:
    if value is None:
        return len(column) - column.null_count()
    if column.dtype.is_numeric():
        try:
            same = column == float(value)
        except ValueError:
            return len(column)
    else:
        text = column.cast(pl.String)
        same = text.str.starts_with(value) if column.dtype.is_temporal() else text.str.strip_chars() == value
    return int((~same.fill_null(False)).sum())
