"""Find Parquet and CSV files, stream selected columns, and report every unreadable file by name."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from contract.data_files import has_no_suffix, is_csv, is_hidden, is_parquet
from contract.job_start import DEMAND
from job_code.errors import InputError
from job_code.tables.validation_report import ValidationReport

PARQUET_MAGIC = b"PAR1"
CSV_BEGINNING = 1_000_000  # bytes; the number of rows of a CSV file is extrapolated from its first bytes
OR_RENAME = ", or set key, time and target to existing columns"  # the settings that name the columns of the demand
GZIP = 16  # zlib's flag for the gzip format
# Some damaged Parquet files make the reader panic. PanicException is not a subclass of Exception.
READ_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, UnicodeDecodeError, zlib.error)


class UnreadableFileError(Exception):
    """A file has a readable header and unreadable rows."""


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A data file whose header has been read.

    Attributes:
        path: The file.
        name: Path relative to the input folder, for messages.
        columns: The wanted columns with their types. All columns of a CSV file are text.
        typed: Whether the file format has column types. True for Parquet, false for CSV.
        other_columns: All other columns of the file.
        rows: Number of rows. For a CSV file an estimate, and 0 only if there are no rows.
    """

    path: Path
    name: str
    columns: dict[str, pl.DataType]
    typed: bool
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
            scan = _scan(self.path).select(list(self.columns))
            if first or rows is not None:
                scan = scan.slice(first, rows)
            for batch in scan.collect_batches(chunk_size=size):
                # The engine may return batches larger than requested.
                yield from batch.iter_slices(size)
        except READ_ERRORS as error:
            raise UnreadableFileError(_first_line(error)) from None

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
            schema = _scan(file).collect_schema()
            rows = _count_rows(file)
        except READ_ERRORS as error:
            report_unreadable(name, "Parquet" if _is_parquet(file) else "CSV", _first_line(error), findings, source)
            continue
        columns = list(wanted(schema.names()))
        missing = [column for column in columns if column not in schema]
        if missing:
            findings.add(
                source,
                "file",
                f"without the column {', '.join(missing)}",
                remedy=f"Add the column{OR_RENAME if source == DEMAND else ''}",
                count=1,
                examples=[f"{name} (it has {', '.join(schema.names()[:12])})"],
            )
            continue
        others = tuple(column for column in schema.names() if column not in columns)
        opened.append(
            TableFile(
                path=file,
                name=name,
                columns={column: schema[column] for column in columns},
                typed=_is_parquet(file),
                other_columns=others,
                rows=rows,
            )
        )
    return opened


def report_unreadable(name: str, file_format: str, reason: str, findings: ValidationReport, source: str) -> None:
    """Report a file that cannot be read.

    Args:
        name: Name of the file, for the message.
        file_format: `Parquet` or `CSV`.
        reason: The reader's error, in one line.
        findings: Takes the finding.
        source: The input that the file belongs to (`demand`).
    """
    findings.add(
        source,
        "file",
        f"that cannot be read as {file_format}",
        remedy="Upload the complete file again",
        count=1,
        examples=[f"{name} ({reason})"],
    )


def _scan(file: Path) -> pl.LazyFrame:
    if _is_parquet(file):
        return pl.scan_parquet(file, glob=False, low_memory=True)
    # All columns are text: a type inferred from the first rows could turn the article 00123 into 123.
    return pl.scan_csv(file, infer_schema=False, null_values=[""], glob=False, low_memory=True)


def _count_rows(file: Path) -> int:
    if _is_parquet(file):
        return int(_scan(file).select(pl.len()).collect().item())
    if _scan(file).head(1).collect().is_empty():
        return 0
    with file.open("rb") as opened:
        begin = opened.read(CSV_BEGINNING)
    text = zlib.decompressobj(zlib.MAX_WBITS | GZIP).decompress(begin) if file.suffix.lower() == ".gz" else begin
    return max(1, text.count(b"\n") * file.stat().st_size // len(begin))


def _is_parquet(file: Path) -> bool:
    if not has_no_suffix(file.name):
        return is_parquet(file.name)
    with file.open("rb") as opened:
        return opened.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
