"""Finds Parquet and CSV files and streams some of their columns, naming every file that cannot be read."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from contract.data_files import is_csv, is_hidden, is_parquet, says_nothing
from job_code.errors import InputError
from job_code.tables.validation_report import ValidationReport

PARQUET_MAGIC = b"PAR1"
CSV_BEGINNING = 1_000_000  # bytes of a CSV file whose lines are counted; the rest is taken to be like them
GZIP = 16  # zlib's word for it
# A panic of the reader, which some damaged Parquet files cause, is no Exception.
READ_ERRORS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, UnicodeDecodeError, zlib.error)


class UnreadableFileError(Exception):
    """A file whose header could be read and whose rows cannot."""


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A data file whose header has been read.

    Attributes:
        path: The file.
        name: Its path below the input folder, for messages.
        columns: The wanted columns, with their types; those of a CSV file are all text.
        typed: Whether the file itself says what its columns hold.
        other_columns: Columns the file has beside them.
        rows: Number of rows; of a CSV file an estimate, 0 only where there are none.
    """

    path: Path
    name: str
    columns: dict[str, pl.DataType]
    typed: bool
    other_columns: tuple[str, ...]
    rows: int

    def batches(self, size: int, *, first: int = 0, rows: int | None = None) -> Iterator[pl.DataFrame]:
        """Streams the wanted columns.

        Args:
            size: Rows a batch at most.
            first: Rows to pass over, for Parquet only.
            rows: Rows to read at most; all when absent.

        Raises:
            UnreadableFileError: If the content is damaged.
        """
        try:
            scan = _scan(self.path).select(list(self.columns))
            if first or rows is not None:
                scan = scan.slice(first, rows)
            for batch in scan.collect_batches(chunk_size=size):
                # The engine's own batches may be larger than asked for.
                yield from batch.iter_slices(size)
        except READ_ERRORS as error:
            raise UnreadableFileError(_first_line(error)) from None

    @property
    def kind(self) -> str:
        """What messages call its format."""
        return "Parquet" if self.typed else "CSV"


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
    below = (file for file in path.rglob("*") if file.is_file() and not is_hidden(name_below(path, file)))
    files = sorted(file for file in below if is_csv(file.name) or _is_parquet(file))
    if not files:
        raise InputError([f"{source}: no Parquet or CSV files in {path}; put the {source} there"])
    return files


def name_below(path: Path, file: Path) -> str:
    """How messages name a file that `find_files` found at or below a path."""
    return file.name if file == path else file.relative_to(path).as_posix()


def open_tables(
    path: Path, wanted: Callable[[list[str]], Sequence[str]], findings: ValidationReport, *, source: str
) -> list[TableFile]:
    """Reads the header of every data file at or below a path.

    Args:
        path: Where to look.
        wanted: Chooses the columns to read from a file's column names.
        findings: Takes note of files that are empty, unreadable, or lack columns; these are left out.
        source: What the files hold (`demand`), for the messages.

    Raises:
        InputError: If there are no files at all.
    """
    opened = []
    for file in find_files(path, source=source):
        name = name_below(path, file)
        if file.stat().st_size == 0:
            findings.add(
                source, "file", "with no content", remedy="upload it again or delete it", count=1, examples=[name]
            )
            continue
        try:
            schema = _scan(file).collect_schema()
            rows = _count_rows(file)
        except READ_ERRORS as error:
            note_unreadable(name, "Parquet" if _is_parquet(file) else "CSV", _first_line(error), findings, source)
            continue
        columns = list(wanted(schema.names()))
        missing = [column for column in columns if column not in schema]
        if missing:
            findings.add(
                source,
                "file",
                f"without the column {', '.join(missing)}",
                remedy="add it, or configure key, time and target to name the columns there are",
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


def note_unreadable(name: str, kind: str, reason: str, findings: ValidationReport, source: str) -> None:
    """Takes note of one file that cannot be read."""
    findings.add(
        source,
        "file",
        f"that cannot be read as {kind}",
        remedy="upload it again, whole",
        count=1,
        examples=[f"{name} ({reason})"],
    )


def _scan(file: Path) -> pl.LazyFrame:
    if _is_parquet(file):
        return pl.scan_parquet(file, glob=False, low_memory=True)
    # As text: a type guessed from the first rows would turn the article 00123 into 123.
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
    if not says_nothing(file.name):
        return is_parquet(file.name)
    with file.open("rb") as opened:
        return opened.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
