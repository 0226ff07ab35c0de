"""Says by name which files belong to an input. The job recognizes a table by its content, which a list cannot show."""

from pathlib import PurePosixPath

DELTA_LOG = "_delta_log"  # folder of the log that says which files of a Delta table are valid
FORMATS = "Parquet, CSV, JSON Lines or Arrow files, or Delta tables"
DATA_SUFFIXES = (
    ".parquet",
    ".pq",
    ".parq",
    ".pqt",
    ".csv",
    ".tsv",
    ".jsonl",
    ".ndjson",
    ".arrow",
    ".arrows",
    ".feather",
    ".ipc",
    ".orc",
    ".avro",
    ".xlsx",
    ".xls",
)
PACKING_SUFFIXES = (".gz", ".zst", ".bz2", ".zip")


def is_hidden(name: str) -> bool:
    """Return whether a path below the input's prefix is a marker (`_SUCCESS`), hidden, or inside such a folder."""
    return any(part.startswith(("_", ".")) for part in PurePosixPath(name).parts)


def is_delta_log(name: str) -> bool:
    """Return whether a path below the input's prefix is in the log of a Delta table."""
    *folders, _ = PurePosixPath(name).parts or ("",)
    return DELTA_LOG in folders and not is_hidden("/".join(folders[: folders.index(DELTA_LOG)]))


def is_input(name: str) -> bool:
    """Return whether a run depends on a file: it may be a table, or it is in the log of a Delta table."""
    return not is_hidden(name) or is_delta_log(name)


def is_named_as_table(name: str) -> bool:
    """Return whether the suffix of a file is that of a table, compressed or not."""
    path = PurePosixPath(name.lower())
    if path.suffix in PACKING_SUFFIXES:
        return True
    return path.suffix in DATA_SUFFIXES
