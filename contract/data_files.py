"""Tells by their names which files of an input are tables."""

from pathlib import PurePosixPath

PARQUET_SUFFIXES = (".parquet", ".pq")
CSV_SUFFIXES = (".csv", ".csv.gz")
IN_WORDS = f"{', '.join((*PARQUET_SUFFIXES, *CSV_SUFFIXES))}, or Parquet without a suffix"


def is_hidden(name: str) -> bool:
    """Returns whether a path below the input's folder is a marker (`_SUCCESS`), hidden, or inside such a folder."""
    return any(part.startswith(("_", ".")) for part in PurePosixPath(name).parts)


def is_csv(name: str) -> bool:
    """Returns whether a file's name says that it is CSV."""
    return name.lower().endswith(CSV_SUFFIXES)


def is_parquet(name: str) -> bool:
    """Returns whether a file's name says that it is Parquet."""
    return PurePosixPath(name).suffix.lower() in PARQUET_SUFFIXES


def says_nothing(name: str) -> bool:
    """Returns whether a file's name says nothing: Spark and Hive write Parquet files without a suffix."""
    return not PurePosixPath(name).suffix


def may_be_table(name: str) -> bool:
    """Returns whether a file can be a table, as far as its name tells."""
    return is_csv(name) or is_parquet(name) or says_nothing(name)
