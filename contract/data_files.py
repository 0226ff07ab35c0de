"""Recognizes the tables among the files of an input by their names."""

from pathlib import PurePosixPath

PARQUET_SUFFIXES = (".parquet", ".pq")
CSV_SUFFIXES = (".csv", ".csv.gz")
SUFFIX_LIST = f"{', '.join((*PARQUET_SUFFIXES, *CSV_SUFFIXES))}, or Parquet without a suffix"


def is_hidden(name: str) -> bool:
    """Return whether a path below the input's prefix is a marker (`_SUCCESS`), hidden, or inside such a folder."""
    return any(part.startswith(("_", ".")) for part in PurePosixPath(name).parts)


def is_csv(name: str) -> bool:
    """Return whether a file has a CSV suffix."""
    return name.lower().endswith(CSV_SUFFIXES)


def is_parquet(name: str) -> bool:
    """Return whether a file has a Parquet suffix."""
    return PurePosixPath(name).suffix.lower() in PARQUET_SUFFIXES


def has_no_suffix(name: str) -> bool:
    """Return whether a file has no suffix, like the Parquet files that Spark and Hive write."""
    return not PurePosixPath(name).suffix


def may_be_table(name: str) -> bool:
    """Return whether a file may be a table: it has a CSV suffix, a Parquet suffix or none."""
    return is_csv(name) or is_parquet(name) or has_no_suffix(name)
