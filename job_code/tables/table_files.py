"""Open every table at or below a path, stream its columns, and account for everything that is not read."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import polars as pl

from contract.data_files import FORMATS, is_named_as_table
from job_code.config import ForecastConfig
from job_code.config_rules import composed
from job_code.errors import InputError
from job_code.files.find_files import FoundFile, FoundFiles, find_files, printable
from job_code.files.open_file import open_file
from job_code.files.reader import Reader, Reading, Remark
from job_code.files.recognize import CONTROL
from job_code.files.unreadable import UnreadableFileError
from job_code.tables.column_names import has_wrong_columns, warn_of_other_names, without_unknown_types
from job_code.tables.folder_columns import FolderColumns, folder_types
from job_code.tables.same_content import same_content
from job_code.tables.validation_report import EXAMPLES, ValidationReport

SAMPLE = 10_000  # bytes that show whether a file is text


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A file, or a Delta table, whose header has been read.

    Attributes:
        path: The file, or the folder of the Delta table.
        name: Path relative to the input folder, for messages.
        source: The input that the file belongs to (`demand`).
        columns: The wanted columns with their types. All columns of a CSV file are text.
        other_columns: All other columns of the file.
        reader: Reader of the file's format.
        folders: Wanted columns in the names of its folders.
        stored_names: Names in the file of the columns whose accents are characters of their own there.
    """

    path: Path
    name: str
    source: str
    columns: dict[str, pl.DataType]
    other_columns: tuple[str, ...]
    reader: Reader
    folders: FolderColumns = field(default_factory=FolderColumns)
    stored_names: Mapping[str, str] = field(default_factory=dict)

    def batches(
        self, size: int, *, first: int = 0, rows: int | None = None, findings: ValidationReport | None = None
    ) -> Iterator[pl.DataFrame]:
        """Stream the wanted columns.

        Args:
            size: Maximum number of rows of a batch.
            first: Number of rows to skip. Only a divisible file has parts.
            rows: Maximum number of rows to read; None for all.
            findings: Takes notes about what is unusual, after the last batch; None to drop them.

        Raises:
            UnreadableFileError: If the content is damaged.
        """
        reading = Reading(size=size, first=first, rows=rows)
        own = [name for name in self.columns if name not in self.folders.added]
        stored = [self.stored_names.get(name, name) for name in own]
        constants, other = self.folders.constants(self.columns), Counter[str]()
        for batch in self.reader.batches(stored, reading):
            batch = batch if stored == own else batch.rename(dict(zip(stored, own, strict=True)))
            other.update(self.folders.count_other(batch))
            yield batch.with_columns(constants).select(list(self.columns)) if constants else batch
        if findings is not None:
            for remark in reading.remarks:
                _note(remark, self, findings)
            for name, count in other.items():
                findings.add(
                    self.source,
                    "row",
                    f"with another {name} than the name of their folder, and that of the file is used",
                    remedy="Rename the folder if it is wrong",
                    count=count,
                    examples=[self.name],
                    level="note",
                )

    def only(self, names: Collection[str]) -> Self:
        """Return the file with some of its wanted columns."""
        columns = {name: dtype for name, dtype in self.columns.items() if name in names}
        return replace(self, columns=columns, folders=self.folders.only(names))

    @property
    def rows(self) -> int:
        """Number of rows. For a CSV file an estimate, and 0 only if there are no rows."""
        return self.reader.rows

    @property
    def typed(self) -> bool:
        """Whether the file format has column types. False for CSV alone."""
        return self.reader.typed

    @property
    def divisible(self) -> bool:
        """Whether several workers may each read a part of the rows."""
        return self.reader.divisible

    @property
    def file_format(self) -> str:
        """Name of the file format, for messages."""
        return self.reader.format_name


def open_tables(
    path: Path,
    wanted: Callable[[list[str]], Sequence[str]],
    config: ForecastConfig,
    findings: ValidationReport,
    *,
    source: str,
) -> list[TableFile]:
    """Read the header of every table at or below a path.

    Args:
        path: A file or folder.
        wanted: Returns the columns to read, for the column names of a file.
        config: Encoding, decimal sign, and names of the columns.
        findings: Takes all that is not read: errors for what may hold data, notes for markers and hidden files.
        source: The input that the files belong to (`demand`), for the messages.

    Raises:
        InputError: If there is no table.
    """
    found = find_files(path, source=source)
    for each in found.not_read:
        findings.add(
            source,
            "file",
            each.problem,
            remedy=each.remedy,
            count=1,
            examples=[each.name],
            level="error" if each.is_error else "note",
        )
    is_given = [file.path for file in found.files] == [path]
    opened = [_open(file, wanted, config, findings, source=source, is_given=is_given) for file in found.files]
    tables = [table for table in opened if table is not None]
    if not tables and not findings.messages():
        raise InputError([f"{source}: no table in {printable(str(path))}{_seen(found)}. Put {FORMATS} there"])
    empty = [table.name for table in tables if not table.rows]
    if len(empty) < len(tables):
        findings.add(
            source,
            "file",
            "without a row",
            remedy="Upload their rows if they should have some",
            count=len(empty),
            examples=empty[:EXAMPLES],
            level="note",
        )
    for copy, original in _copies(tables):
        findings.add(
            source,
            "file",
            "with the same content as another",
            remedy="Delete one of the two",
            count=1,
            examples=[f"{copy.name} (the same as {original.name})"],
        )
    types = folder_types(table.folders for table in tables)
    return [
        replace(table, columns={**table.columns, **{name: types[name] for name in table.folders.added}})
        for table in tables
    ]


def report_unreadable(
    name: str, file_format: str, error: UnreadableFileError, findings: ValidationReport, source: str
) -> None:
    """Report a file that cannot be read.

    Args:
        name: Name of the file, for the message.
        file_format: Name of its format; empty if it is unknown.
        error: Where and why it cannot be read.
        findings: Takes the finding.
        source: The input that the file belongs to (`demand`).
    """
    problem = f"that cannot be read as {file_format}" if file_format else "that cannot be read"
    findings.add(source, "file", problem, remedy=error.remedy, count=1, examples=[f"{name} ({error.reason})"])


def _open(
    file: FoundFile,
    wanted: Callable[[list[str]], Sequence[str]],
    config: ForecastConfig,
    findings: ValidationReport,
    *,
    source: str,
    is_given: bool,
) -> TableFile | None:
    """Open a file. Report one that is no table, cannot be read, or has other columns, and return None for it."""
    try:
        reader = open_file(file, wanted, config, is_given=is_given)
    except UnreadableFileError as error:
        report_unreadable(file.name, error.file_format, error, findings, source)
        return None
    if reader is None:
        _report_no_table(file, findings, source=source, is_given=is_given)
        return None
    configured = {*config.key, *config.observed_columns}
    of_folders = {column: value for column, value in file.folder_values.items() if column in configured}
    own = [composed(name) for name in reader.names]
    stored_names = {name: stored for name, stored in zip(own, reader.names, strict=True) if name != stored}
    folders = FolderColumns.of(of_folders, own)
    names = [*own, *folders.added]
    columns = list(wanted(names))
    if has_wrong_columns(file, names, columns, findings, source):
        return None
    unknown = {composed(name): dtype for name, dtype in reader.unknown_types.items()}
    readable = without_unknown_types(file.name, unknown, columns, configured, findings, source=source)
    if readable is None:
        return None
    columns = readable
    others = [column for column in own if column not in columns]
    warn_of_other_names(file.name, reader, others, sorted(configured & set(columns)), findings, source=source)
    return TableFile(
        path=file.path,
        name=file.name,
        source=source,
        columns={column: reader.schema.get(stored_names.get(column, column), pl.String()) for column in columns},
        other_columns=tuple(others),
        reader=reader,
        folders=folders.only(columns),
        stored_names=stored_names,
    )


def _report_no_table(file: FoundFile, findings: ValidationReport, *, source: str, is_given: bool) -> None:
    """Report a file without content, or note one whose content is no table."""
    if is_given or is_named_as_table(file.name):
        findings.add(
            source, "file", "with no content", remedy="Upload it again or delete it", count=1, examples=[file.name]
        )
        return
    findings.add(
        source,
        "file",
        f"not read, because {_why_no_table(file)}",
        remedy=f"Provide {FORMATS} if it holds data",
        count=1,
        examples=[file.name],
        level="note",
    )


def _why_no_table(file: FoundFile) -> str:
    with file.path.open("rb") as content:
        beginning = content.read(SAMPLE)
    if not beginning:
        return "it is empty"
    if CONTROL.search(beginning) is not None:
        return "its content is no table"
    return "its lines are not values separated by a comma, a semicolon, a tab or |"


def _seen(found: FoundFiles) -> str:
    """Return what there is instead of a table, for the message."""
    seen = [f"{file.name} ({_why_no_table(file)})" for file in found.files]
    seen += [f"{each.name} ({each.problem})" for each in found.not_read]
    return f", but {', '.join(seen[:EXAMPLES])}" if seen else ""


def _copies(tables: Sequence[TableFile]) -> Iterator[tuple[TableFile, TableFile]]:
    """Yield files with the content of another, unless the names of their folders separate their rows."""
    files = {table.path: table for table in tables if table.rows and table.path.is_file()}
    for group in same_content(files):
        originals: dict[tuple[tuple[str, str | None], ...], TableFile] = {}
        for table in (files[path] for path in group):
            original = originals.setdefault(tuple(table.folders.added.items()), table)
            if original is not table:
                yield table, original


def _note(remark: Remark, file: TableFile, findings: ValidationReport) -> None:
    findings.add(
        file.source,
        remark.noun,
        remark.problem,
        remedy=remark.remedy,
        count=remark.count,
        examples=[f"{remark.example!r} in {file.name}" if remark.example else file.name],
        level="note",
    )
