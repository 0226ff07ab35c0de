"""Finds Parquet and CSV files and reads some of their columns, naming every file that cannot be read."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from job_code.errors import InputError
from job_code.findings import Findings

PARQUET_MAGIC = b"PAR1"
PARQUET_SUFFIXES = (".parquet", ".pq")
CSV_SUFFIXES = (".csv", ".csv.gz")


@dataclass(frozen=True)
class Table:
    """One file's rows.

    Attributes:
        name: The file's path below the input folder.
        rows: The wanted columns, those of a CSV file as text.
        other_columns: Columns the file has beside them.
    """

    name: str
    rows: pl.DataFrame
    other_columns: tuple[str, ...]


def find_files(path: Path, *, source: str) -> list[Path]:
    """Lists the data files at or below a path, sorted; hidden files and marker files (`_SUCCESS`) are passed over.

    Args:
        path: A file, or a folder of any depth.
        source: What the files hold (`demand`), for the message.

    Raises:
        InputError: If there is nothing to read.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        raise InputError([f"{source}: there is no file or folder {path}"])
    below = (file for file in path.rglob("*") if file.is_file() and not _is_hidden(file.relative_to(path)))
    files = sorted(file for file in below if _is_csv(file) or _is_parquet(file))
    if not files:
        raise InputError([f"{source}: no Parquet or CSV files in {path}; put the {source} there"])
    return files


def read_tables(
    files: Sequence[Path], wanted: Callable[[list[str]], Sequence[str]], findings: Findings, *, source: str
) -> Iterator[Table]:
    """Reads one file after the other.

    Args:
        files: What `find_files` listed.
        wanted: Chooses the columns to read from a file's column names.
        findings: Takes note of files that are empty, unreadable, or lack columns; these are not yielded.
        source: What the files hold (`demand`), for the messages.
    """
    for file in files:
        if file.stat().st_size == 0:
            findings.add(
                source, "file", "with no content", remedy="upload it again or delete it", count=1, examples=[file.name]
            )
            continue
        try:
            header = list(pl.read_parquet_schema(file)) if _is_parquet(file) else _csv_header(file)
            columns = list(wanted(header))
            missing = [column for column in columns if column not in header]
            if missing:
                findings.add(
                    source,
                    "file",
                    f"without the column {', '.join(missing)}",
                    remedy="add it, or configure key, time and target to name the columns there are",
                    count=1,
                    examples=[f"{file.name} (it has {', '.join(header[:12])})"],
                )
                continue
            rows = _read(file, columns)
        except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
            findings.add(
                source,
                "file",
                f"that cannot be read as {'Parquet' if _is_parquet(file) else 'CSV'}",
                remedy="upload it again, whole",
                count=1,
                examples=[f"{file.name} ({_first_line(error)})"],
            )
            continue
        yield Table(file.name, rows, tuple(column for column in header if column not in columns))


def _read(file: Path, columns: list[str]) -> pl.DataFrame:
    if _is_parquet(file):
        return pl.read_parquet(file, columns=columns)
    # As text: a type guessed from the first rows would turn the article 00123 into 123.
    return pl.read_csv(file, columns=columns, infer_schema=False, null_values=[""]).select(columns)


def _csv_header(file: Path) -> list[str]:
    return pl.read_csv(file, n_rows=0, infer_schema=False).columns


def _is_hidden(relative: Path) -> bool:
    return any(part.startswith((".", "_")) for part in relative.parts)


def _is_csv(file: Path) -> bool:
    return file.name.lower().endswith(CSV_SUFFIXES)


def _is_parquet(file: Path) -> bool:
    if file.suffix.lower() in PARQUET_SUFFIXES:
        return True
    if file.suffix:
        return False
    with file.open("rb") as opened:  # Spark and Hive write Parquet files without a suffix
        return opened.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
