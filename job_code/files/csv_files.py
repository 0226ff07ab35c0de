"""CSV files: find out the dialect, and stream rows with DuckDB.

DuckDB reads every column of every row, so a quote or a missing value in an unused column is noticed. Every value is
text: a type inferred from the first rows could turn the article 00123 into 123.
"""

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import polars as pl

from job_code.files.csv_proof import lines_of_rows, one_line_end, prove_whole
from job_code.files.packing import MARKED_UTF8, Packing, QueryError, duckdb_frames, opened, utf8_file, without_end_mark
from job_code.files.reader import Reader, Reading, Remark, numbered_lines
from job_code.files.recognize import (
    DELIMITERS,
    SAMPLE_LINES,
    SEPARATE,
    FileContent,
    header_of,
    lines_of,
    split_declaration,
)
from job_code.files.unreadable import UnreadableFileError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_ROW_BYTES = 1_000_000  # a longer row is a quote that does not close
MAX_REJECTED = 1_000  # DuckDB keeps so many invalid rows
SHOWN = 60  # characters of a row in a message
PackedFile = tuple[Path, Packing]
EMPTY = "empty"  # not the name of a column: those are numbered
# DuckDB's name of a defect; how the message continues after the line number; and the cure.
DEFECTS = {
    "MISSING COLUMNS": ("has fewer values than the header", "Complete the row; if the file was cut, write it again"),
    "TOO MANY COLUMNS": ("has more values than the header", "Put values that contain the delimiter in quotes"),
    "UNQUOTED VALUE": ("has a quote that does not close", "Close the quote, and double each quote inside a value"),
    "LINE SIZE OVER MAXIMUM": ("has a quote that does not close", "Close the quote"),
    "INVALID ENCODING": ("is not UTF-8", "Save the file as UTF-8, or set `encoding`"),
}

MIXED_LINE_ENDS = Remark(
    noun="file",
    problem="with several kinds of line ends, all read as line ends",
    count=1,
    remedy="Write it with one kind if a row looks wrong",
)


@dataclass(frozen=True, kw_only=True)
class CsvReader(Reader):
    """How a CSV file is written.

    Attributes:
        header: Names of the columns.
        encoding: Its encoding.
        delimiter: The character between two values.
        lines_before: Number of lines before the header: 1 if one declares the delimiter, like `sep=;`.
    """

    header: tuple[str, ...]
    encoding: str
    delimiter: str
    lines_before: int
    typed: ClassVar[bool] = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return self.header

    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        """Stream columns as text, null where a value is empty. After the last batch, prove the file whole.

        DuckDB reads one kind of line ends. A file with several is read as a copy that has one.

        Args:
            columns: Names of the columns.
            reading: Size of the batches. Its remarks take the rows without any value, which are left out.

        Raises:
            UnreadableFileError: A row is invalid, or the file was cut, or the independent count finds another number
                of rows. The rows before are already yielded.
        """
        done = 0
        with utf8_file(self.path, self.packing, self.encoding) as text, without_end_mark(*text) as plain:
            try:
                for frame in self._proven(plain, plain, columns, reading):
                    done += frame.height
                    yield from frame.iter_slices(reading.size)
            except QueryError:
                with one_line_end(*plain, self.delimiter) as copy:
                    for frame in self._proven((copy, "none"), plain, columns, reading):
                        new = frame[done:]
                        done -= frame.height - new.height
                        yield from new.iter_slices(reading.size)
                reading.remarks.append(MIXED_LINE_ENDS)
        if self.lines_before:
            shown, problem = f"sep={self.delimiter}", "before the header, which declares the delimiter"
            reading.remarks.append(Remark(noun="line", problem=problem, count=1, example=shown))

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return the lines of some rows. The arguments are those of the class `Reader`."""
        with opened(self.path, self.packing) as content:
            found = lines_of_rows(content, self.encoding, self.delimiter, before=self.lines_before)
            lines = numbered_lines(found, rows)
        # Python's reader may see other rows in a file that is then refused.
        return lines if len(lines) == len(rows) else super().places(rows)

    def _proven(
        self, copy: PackedFile, original: PackedFile, columns: Sequence[str], reading: Reading
    ) -> Iterator[pl.DataFrame]:
        """Yield columns of the rows with a value from a copy. After the last, prove that they are those of the file."""
        import duckdb

        rows = empty = 0
        with duckdb.connect() as database:
            for frame, count in self._rows(database, *copy, columns):
                rows, empty = rows + count, empty + count - frame.height
                yield frame
            _raise_if_rejected(
                database.sql("SELECT DISTINCT line, error_type, csv_line FROM reject_errors ORDER BY line").fetchall()
            )
        prove_whole(*original, self.delimiter, columns=len(self.names), rows=rows, before=self.lines_before)
        if empty:
            reading.remarks.append(Remark(noun="row", problem="not read, because no column has a value", count=empty))

    def _rows(
        self, database: "DuckDBPyConnection", path: Path, packing: Packing, columns: Sequence[str]
    ) -> Iterator[tuple[pl.DataFrame, int]]:
        """Yield columns of the rows with a value, and the number of all rows.

        Only where a row has no value in these columns, the others are read too: the row may have a value there.
        """
        numbers, done = [self.names.index(column) for column in columns], 0
        for frame in duckdb_frames(database, self._query(numbers, packing), path):
            if all(frame.null_count().row(0)) and frame.select(pl.all_horizontal(pl.all().is_null()).any()).item():
                break
            frame.columns = list(columns)
            done += frame.height
            yield frame, frame.height
        else:
            return
        for frame in duckdb_frames(database, self._query(numbers, packing, also=self._emptiness), path):
            new = frame[done:]
            done -= frame.height - new.height
            kept = new.filter(~pl.col(EMPTY)).drop(EMPTY)
            kept.columns = list(columns)
            yield kept, new.height

    @property
    def _emptiness(self) -> str:
        return f", coalesce({', '.join(f'c{number}' for number in range(len(self.names)))}) IS NULL AS {EMPTY}"

    def _query(self, numbers: Sequence[int], packing: Packing, *, also: str = "") -> str:
        """Return the query for columns by their numbers, because names may repeat, and for another expression."""
        types = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(len(self.names)))
        options = {
            "auto_detect": "false",
            "header": "true",
            "skip": str(self.lines_before),
            "delim": f"'{self.delimiter}'",
            "quote": "'\"'",
            "escape": "'\"'",
            "nullstr": "''",
            "compression": f"'{packing}'",
            "strict_mode": "true",
            "store_rejects": "true",
            "rejects_limit": str(MAX_REJECTED),
            "max_line_size": str(MAX_ROW_BYTES),
            "columns": f"{{{types}}}",
        }
        wanted = ", ".join(f"c{number}" for number in numbers)
        given = ", ".join(f"{name}={value}" for name, value in options.items())
        return f"SELECT {wanted}{also} FROM read_csv(?, {given})"  # nosec B608 # no part comes from the file


def open_csv(path: Path, content: FileContent, missing: Callable[[tuple[str, ...]], int]) -> CsvReader:
    """Find out how a CSV file is written, from its beginning.

    Args:
        path: The file.
        content: Its beginning.
        missing: Returns how many wanted columns a header lacks. The delimiter is the one that leaves the fewest.

    Raises:
        UnreadableFileError: The beginning of the file is not text, or the column names are not in its first line.
    """
    declared, text = split_declaration(content.text)
    headers = {each: header_of(text, each) for each in ([declared] if declared else DELIMITERS)}
    best = min(headers, key=lambda delimiter: (missing(headers[delimiter]), -len(headers[delimiter])))
    if missing(headers[best]) or not lines_of(text)[0].strip():
        _raise_if_no_header(lines_of(text)[:SAMPLE_LINES], len(declared) + 1, missing)
    if content.has_more:
        beginning = content.beginning
        rows = max(1, beginning.count(b"\n") * path.stat().st_size // len(beginning))
    else:
        rows = max(0, sum(1 for line in lines_of(text) if line.strip()) - 1)
    return CsvReader(
        path=path,
        format_name="CSV",
        header=headers[best],
        schema=dict.fromkeys(headers[best], pl.String()),
        rows=rows,
        packing=content.packing,
        # DuckDB skips no line that begins with a byte order mark and a quote. Recoded text has no mark.
        encoding=MARKED_UTF8 if declared and content.beginning.startswith(codecs.BOM_UTF8) else content.encoding,
        delimiter=best,
        lines_before=len(declared),
    )


def _raise_if_no_header(lines: Sequence[str], first: int, missing: Callable[[tuple[str, ...]], int]) -> None:
    """Explain why the first line does not have the wanted columns, as far as the first lines show it."""
    for number, line in enumerate(lines):
        if line.strip() and any(not missing(header_of(line, delimiter)) for delimiter in DELIMITERS):
            if number:
                raise UnreadableFileError(
                    f"the column names are in line {first + number}", remedy="Delete the lines before it"
                )
            return
    signs = sorted({letter for letter in lines[0] if not letter.isalnum()} - {*DELIMITERS, '"', "_"})
    other = next((sign for sign in signs if not missing(header_of(lines[0], sign))), None)
    if other is not None:
        raise UnreadableFileError(f"its values are separated by {other!r}", remedy=SEPARATE)


def _raise_if_rejected(rejected: Sequence[tuple[int, str, str]]) -> None:
    if not rejected:
        return
    line, defect, text = rejected[0]
    what, remedy = DEFECTS.get(defect, ("is invalid", "Correct the row"))
    others = len({line for line, *_ in rejected}) - 1
    more = f"; {others:,}{' or more' if len(rejected) >= MAX_REJECTED else ''} other rows are invalid" if others else ""
    first = lines_of(text)[0]
    shown = first if len(first) <= SHOWN else f"{first[:SHOWN]}..."
    raise UnreadableFileError(f"line {line} {what}: {shown!r}{more}", remedy=remedy)
