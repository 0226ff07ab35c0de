"""Checksums of forecasts by column, and the differences between two sets of checksums."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

Checksums = dict[str, dict[str, str]]  # run, for example `weekly: train` -> column -> checksum
FILE = Path(__file__).with_name("checksums.json")
DIGITS = 16  # of SHA-256, hexadecimal
ORDER = ("unique_id", "ds")


def of_forecasts(folder: Path) -> dict[str, str]:
    """Return the checksum of every column of a run's forecasts.

    The rows are sorted by series and period, so the files and their order do not matter.

    Args:
        folder: Folder with the Parquet files of one run.
    """
    rows = pl.read_parquet(sorted(folder.glob("*.parquet"))).sort(ORDER)
    return {"rows": str(len(rows))} | {column.name: _checksum(column) for column in rows.iter_columns()}


def load() -> Checksums:
    """Read the stored checksums; empty if the file does not exist."""
    return dict(json.loads(FILE.read_text())) if FILE.exists() else {}


def store(checksums: Checksums) -> None:
    """Replace the stored checksums."""
    FILE.write_text(json.dumps(checksums, indent=1) + "\n")


def differences(before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield one line for each run whose forecasts changed or are missing."""
    for run, columns in now.items():
        if run not in before:
            yield f"{run}: the stored checksum is missing"
        elif other := [name for name in {**before[run], **columns} if before[run].get(name) != columns.get(name)]:
            yield f"{run}: {', '.join(other)} changed"
    for run in before.keys() - now.keys():
        yield f"{run}: has a stored checksum, but did not run"


def _checksum(column: pl.Series) -> str:
    values = column.cast(pl.String) if not column.dtype.is_numeric() else column
    content = f"{column.dtype}:".encode()
    if values.dtype == pl.String:
        content += "\n".join(values.to_list()).encode()
    else:
        content += values.to_numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:DIGITS]
