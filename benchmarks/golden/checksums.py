"""Checksums of forecasts, column by column, and how two sets of them differ."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

Checksums = dict[str, dict[str, str]]  # run, as `weekly: train` -> column -> checksum
FILE = Path(__file__).with_name("checksums.json")
DIGITS = 16  # of SHA-256, hexadecimal
ORDER = ("unique_id", "ds")


def of_forecasts(folder: Path) -> dict[str, str]:
    """Compute the checksum of every column of a run's forecasts.

    Files and their order do not count: rows are sorted by series and period.

    Args:
        folder: The Parquet files of one run.
    """
    rows = pl.read_parquet(sorted(folder.glob("*.parquet"))).sort(ORDER)
    return {"rows": str(len(rows))} | {column.name: _checksum(column) for column in rows.iter_columns()}


def load() -> Checksums:
    """Read the stored checksums; empty if nothing was stored."""
    return dict(json.loads(FILE.read_text())) if FILE.exists() else {}


def store(checksums: Checksums) -> None:
    """Replace the stored checksums."""
    FILE.write_text(json.dumps(checksums, indent=1) + "\n")


def differences(before: Mapping[str, Mapping[str, str]], now: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Describe every run whose forecasts are not those of before, one line a run."""
    for run, columns in now.items():
        if run not in before:
            yield f"{run}: no checksum is stored"
        elif other := [name for name in {**before[run], **columns} if before[run].get(name) != columns.get(name)]:
            yield f"{run}: {', '.join(other)} changed"
    for run in before.keys() - now.keys():
        yield f"{run}: was stored, but did not run"


def _checksum(column: pl.Series) -> str:
    values = column.cast(pl.String) if not column.dtype.is_numeric() else column
    content = f"{column.dtype}:".encode()
    if values.dtype == pl.String:
        content += "\n".join(values.to_list()).encode()
    else:
        content += values.to_numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:DIGITS]
