"""Find Parquet and CSV files, stream selected columns, and report every unreadable file by name."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from contract.data_files import has_no_suffix, is_csv, is_hidden, is_parquet
from contract.job_start import DEMAND
from job_code.errors import InputError
from job_code.tables.csv_files import CsvDialect, csv_batches, read_beginning
from job_code.tables.unreadable import UnreadableFileError
from job_code.tables.validation_report import ValidationReport

PARQUET_MAGIC = b"PAR1"
OR_RENAME = ", or set key, time and target to existing columns"  # the settings that name the columns of the demand
# Some damaged Parquet files make the reader panic. PanicException is not a subclass of Exception.
READ_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
# gzip's errors: EOFError if the file was cut, OSError and zlib.error if it is damaged.
STREAM_ERRORS = (OSError, EOFError, zlib.error)
WRITE_AGAIN = "Upload the complete file again"


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A data file whose header has been read.

    Attributes:
        path: The file.
        name: Path relative to the input folder, for messages.
        columns: The wanted columns with their types. All columns of a CSV file are text.
        dialect: How a CSV file is written; None for Parquet.
        other_columns: All other columns of the file.
        rows: Number of rows. For a CSV file an estimate, and 0 only if there are no rows.
    """

    path: Path
    name: str
    columns: dict[str, pl.DataType]
    dialect: CsvDialect | None
    other_columns: tuple[str, ...]
    rows: int

    def batches(self, size: int, *, first: int = 0, rows: int | None = None) -> Iterator[pl.DataFrame]:
        """Stream the wanted columns.

        Args:
            size: Maximum number of rows of a batch.
            first: Number of rows to skip; Parquet only.
            rows: Maximum number of rows to read; None for all.

        Raises:
            UnreadableFileError: If the content is damaged.
        """
        try:
            if self.dialect is not None:
                yield from csv_batches(self.path, self.dialect, list(self.columns), size)
                return
            scan = _scan_parquet(self.path).select(list(self.columns))
            if first or rows is not None:
                scan = scan.slice(first, rows)
            for batch in scan.collect_batches(chunk_size=size):
                # The engine may return batches larger than requested.
                yield from batch.iter_slices(size)
        except (*READ_ERRORS, *STREAM_ERRORS) as error:
            raise UnreadableFileError(_first_line(error), remedy=WRITE_AGAIN) from None

    @property
    def typed(self) -> bool:
        """Whether the file format has column types. True for Parquet, false for CSV."""
        return self.dialect is None

    @property
    def file_format(self) -> str:
        """Name of the file format, for messages."""
        return "Parquet" if self.typed else "CSV"


def find_files(path: Path, *, source: str) -> list[Path]:
    """Return the data files at or below a path, sorted. Hidden files and marker files (`_SUCCESS`) are ignored.

    Args:
        path: A file, or a folder of any depth.
        source: The input that the files belong to (`demand`), for the message.

    Raises:
        InputError: If there is no data file.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        raise InputError([f"{source}: file or folder {path} does not exist. Check the path"])
    below = (file for file in path.rglob("*") if file.is_file() and not is_hidden(name_below(path, file)))
    files = sorted(file for file in below if is_csv(file.name) or _is_parquet(file))
    if not files:
        raise InputError([f"{source}: no Parquet or CSV files in {path}. Put the {source} files there"])
    return files


def name_below(path: Path, file: Path) -> str:
    """Return the name of a file for messages: its path relative to the path that `find_files` searched."""
    return file.name if file == path else file.relative_to(path).as_posix()


def open_tables(
    path: Path, wanted: Callable[[list[str]], Sequence[str]], findings: ValidationReport, *, source: str
) -> list[TableFile]:
    """Read the header of every data file at or below a path.

    Args:
        path: A file or folder.
        wanted: Returns the columns to read, for the column names of a file.
        findings: Takes the files that are empty, are unreadable or lack columns. The function does not return them.
        source: The input that the files belong to (`demand`), for the messages.

    Raises:
        InputError: If there is no data file.
    """
    opened = []
    for file in find_files(path, source=source):
        name = name_below(path, file)
        if file.stat().st_size == 0:
            findings.add(
                source, "file", "with no content", remedy="Upload it again or delete it", count=1, examples=[name]
            )
            continue
        try:
            dialect, schema, rows = _read_header(file, wanted)
        except UnreadableFileError as error:
            report_unreadable(name, "Parquet" if _is_parquet(file) else "CSV", error, findings, source)
            continue
        names = list(dialect.header) if dialect is not None else list(schema)
        columns = list(wanted(names))
        repeated = [column for column in columns if names.count(column) > 1]
        if repeated:
            findings.add(
                source,
                "file",
                f"with two columns {', '.join(repeated)}",
                remedy="Keep one column of each name",
                count=1,
                examples=[name],
            )
            continue
        missing = [column for column in columns if column not in schema]
        if missing:
            findings.add(
                source,
                "file",
                f"without the column {', '.join(missing)}",
                remedy=f"Add the column{OR_RENAME if source == DEMAND else ''}",
                count=1,
                examples=[f"{name} (it has {', '.join(names[:12])})"],
            )
            continue
        others = tuple(column for column in names if column not in columns)
        opened.append(
            TableFile(
                path=file,
                name=name,
                columns={column: schema[column] for column in columns},
                dialect=dialect,
                other_columns=others,
                rows=rows,
            )
        )
    return opened


def report_unreadable(
    name: str, file_format: str, error: UnreadableFileError, findings: ValidationReport, source: str
) -> None:
    """Report a file that cannot be read.

    Args:
        name: Name of the file, for the message.
        file_format: `Parquet` or `CSV`.
        error: Where and why it cannot be read.
        findings: Takes the finding.
        source: The input that the file belongs to (`demand`).
    """
    findings.add(
        source,
        "file",
        f"that cannot be read as {file_format}",
        remedy=error.remedy,
        count=1,
        examples=[f"{name} ({error.reason})"],
    )


def _scan_parquet(file: Path) -> pl.LazyFrame:
    """Return the lazy rows of a Parquet file. Its path is never a pattern."""
    return pl.scan_parquet(file, glob=False, low_memory=True)


def _read_header(
    file: Path, wanted: Callable[[list[str]], Sequence[str]]
) -> tuple[CsvDialect | None, dict[str, pl.DataType], int]:
    """Return the dialect of a CSV file, the type of each column, and the number of rows."""

    def missing(header: tuple[str, ...]) -> int:
        return len(set(wanted(list(header))) - set(header))

    try:
        if _is_parquet(file):
            scan = _scan_parquet(file)
            return None, dict(scan.collect_schema()), int(scan.select(pl.len()).collect().item())
        dialect, rows = read_beginning(file, missing)
        return dialect, dict.fromkeys(dialect.header, pl.String()), rows
    except (*READ_ERRORS, *STREAM_ERRORS) as error:
        raise UnreadableFileError(_first_line(error), remedy=WRITE_AGAIN) from None


def _is_parquet(file: Path) -> bool:
    if not has_no_suffix(file.name):
        return is_parquet(file.name)
    with file.open("rb") as opened:
        return opened.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
