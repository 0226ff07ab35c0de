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
        rows: The wanted columns.
        typed: Whether the file says what its columns hold; those of a CSV file are all text.
        other_columns: Columns the file has beside them.
    """

    name: str
    rows: pl.DataFrame
    typed: bool
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


def name_below(path: Path, file: Path) -> str:
    """How messages name a file that `find_files` found at or below a path."""
    return file.name if file == path else file.relative_to(path).as_posix()


def read_tables(
    path: Path, files: Sequence[Path], wanted: Callable[[list[str]], Sequence[str]], findings: Findings, *, source: str
) -> Iterator[Table]:
    """Reads one file after the other.

    Args:
        path: Where they were found.
        files: What `find_files` listed there.
        wanted: Chooses the columns to read from a file's column names.
        findings: Takes note of files that are empty, unreadable, or lack columns; these are not yielded.
        source: What the files hold (`demand`), for the messages.
    """
    for file in files:
        name = name_below(path, file)
        if file.stat().st_size == 0:
            findings.add(
                source, "file", "with no content", remedy="upload it again or delete it", count=1, examples=[name]
            )
            continue
        try:
            header = _parquet_header(file) if _is_parquet(file) else _csv_header(file)
            columns = list(wanted(header))
            missing = [column for column in columns if column not in header]
            if missing:
                findings.add(
                    source,
                    "file",
                    f"without the column {', '.join(missing)}",
                    remedy="add it, or configure key, time and target to name the columns there are",
                    count=1,
                    examples=[f"{name} (it has {', '.join(header[:12])})"],
                )
                continue
            rows = _read(file, columns)
        # A panic of the reader, which some damaged Parquet files cause, is no Exception.
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, UnicodeDecodeError) as error:
            findings.add(
                source,
                "file",
                f"that cannot be read as {'Parquet' if _is_parquet(file) else 'CSV'}",
                remedy="upload it again, whole",
                count=1,
                examples=[f"{name} ({_first_line(error)})"],
            )
            continue
        yield Table(name, rows, _is_parquet(file), tuple(column for column in header if column not in columns))


def _read(file: Path, columns: list[str]) -> pl.DataFrame:
    if _is_parquet(file):
        return pl.read_parquet(file, columns=columns, glob=False)
    # As text: a type guessed from the first rows would turn the article 00123 into 123.
    return pl.read_csv(file, columns=columns, infer_schema=False, null_values=[""], glob=False).select(columns)


def _parquet_header(file: Path) -> list[str]:
    return pl.scan_parquet(file, glob=False).collect_schema().names()


def _csv_header(file: Path) -> list[str]:
    return pl.read_csv(file, n_rows=0, infer_schema=False, glob=False).columns


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
