"""Report how many rows of another table have the key of a series of the demand, with an example from each side."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import polars as pl

from job_code.tables.key_columns import series_name, with_key_types
from job_code.tables.key_hashes import Hashes, hash_keys
from job_code.tables.validation_report import EXAMPLES, Level, ValidationReport, plural

FEW = 0.5  # a table with rows for a smaller share of the series is probably not the table of this demand
SAMPLED_KEYS = 1_000


@dataclass(frozen=True, kw_only=True)
class KeyMatches:
    """The keys of a table next to the keys of the demand.

    Attributes:
        matched: Number of rows whose key a series has.
        unmatched: Number of rows whose key no series has.
        examples: Some of their keys.
        series: Number of series, or of the keys of a table with a shorter key.
        without: Number of these without a row.
        without_examples: Some of their keys.
    """

    matched: int = 0
    unmatched: int = 0
    examples: tuple[str, ...] = ()
    series: int = 0
    without: int = 0
    without_examples: tuple[str, ...] = ()

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """Add the counts of parts. The examples are the first by name."""
        parts = list(parts)
        return cls(
            matched=sum(part.matched for part in parts),
            unmatched=sum(part.unmatched for part in parts),
            examples=_first(part.examples for part in parts),
            series=sum(part.series for part in parts),
            without=sum(part.without for part in parts),
            without_examples=_first(part.without_examples for part in parts),
        )

    def report(self, findings: ValidationReport, *, source: str, table: str = "", noun: str = "row") -> None:
        """Report keys that do not match. It is an error if no row of the table matches.

        Args:
            findings: Takes the findings.
            source: The input of the table: `static` or `covariates`.
            table: Description of the table, after the counted noun; empty if the input is one table.
            noun: What `matched` and `unmatched` count.
        """
        if not self.matched and self.unmatched and self.series:
            findings.add_message(
                f"{source}: none of {plural(self.unmatched, noun)}{table} has the key of a series, e.g. "
                f"{', '.join(self.examples)}, but the demand has {', '.join(self.without_examples)}. "
                "Write the keys the same way in both"
            )
            return
        findings.add(
            source,
            noun,
            f"with a key that the demand does not have{table}",
            remedy="The run does not use them",
            count=self.unmatched,
            examples=self.examples,
            level="note",
        )
        level: Level = "warning" if self.series - self.without < FEW * self.series else "note"
        findings.add(
            source,
            "series" if noun == "row" else noun,
            f"of {self.series:,} without a row{table}",
            remedy="Their values are missing. Add rows if the values exist",
            count=self.without,
            examples=self.without_examples,
            level=level,
        )


@dataclass(frozen=True, kw_only=True)
class KeySample:
    """Some distinct keys of a table, for messages.

    Attributes:
        hashes: Hash of each key, shape (keys,).
        names: Name of each key.
    """

    hashes: Hashes = field(default_factory=lambda: np.empty(0, np.uint64))
    names: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: pl.DataFrame, key: tuple[str, ...]) -> Self:
        """Return the first distinct keys of some rows."""
        keys = rows.select(key).head(100 * SAMPLED_KEYS).unique(maintain_order=True).head(SAMPLED_KEYS)
        return cls(hashes=hash_keys(keys, key), names=tuple(map(series_name, keys.rows())))

    def among(self, hashes: Hashes) -> tuple[str, ...]:
        """Return the names of a few sampled keys that have one of the hashes."""
        found = np.flatnonzero(np.isin(self.hashes, hashes))[:EXAMPLES]
        return tuple(self.names[at] for at in found)


def split_by_type(rows: pl.DataFrame, types: Mapping[str, pl.DataType]) -> tuple[pl.DataFrame, KeyMatches]:
    """Cast the key columns of another table to the demand's types.

    Args:
        rows: Rows with all columns of `types`, without null keys.
        types: The demand's type of each key column of the table.

    Returns:
        The rows whose keys can have these types, and the counts of the others.
    """
    if not types:
        return rows, KeyMatches()
    cast = with_key_types(rows, types)
    possible = pl.all_horizontal(pl.col(name).is_not_null() for name in types)
    matching = cast.filter(possible)
    if matching.height == rows.height:
        return matching, KeyMatches()
    others = rows.filter(~cast.select(possible).to_series()).select(list(types))
    return matching, KeyMatches(unmatched=others.height, examples=example_names(others))


def example_names(keys: pl.DataFrame) -> tuple[str, ...]:
    """Return the names of a few of the first keys."""
    some = keys.head(SAMPLED_KEYS).unique().sort(keys.columns)
    return tuple(map(series_name, some.head(EXAMPLES).rows()))


def _first(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({name for part in parts for name in part})[:EXAMPLES])
