"""The distinct values of text columns, which are the categories of the model."""

from collections.abc import Iterable

import polars as pl

MAX_CATEGORIES = 255  # with more, single categories carry little information and LightGBM's split search is slow


def categories_of(column: pl.Series) -> frozenset[str] | None:
    """Return the distinct values of a text column, or None if there are more than `MAX_CATEGORIES`."""
    found = column.drop_nulls().unique()
    return frozenset(found.to_list()) if len(found) <= MAX_CATEGORIES else None


def all_categories(parts: Iterable[Iterable[str] | None]) -> tuple[str, ...] | None:
    """Return the sorted values of all parts of a column, or None if there are more than `MAX_CATEGORIES`."""
    found: set[str] = set()
    for part in parts:
        if part is None:
            return None
        found |= set(part)
        if len(found) > MAX_CATEGORIES:
            return None
    return tuple(sorted(found))
