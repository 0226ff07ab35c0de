"""CSV files: find out the dialect, and stream rows with DuckDB.

DuckDB reads every column of every row, so a quote or a missing value in an unused column is noticed. Every value is
text: a type inferred from the first rows could turn the article 00123 into 123.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import polars as pl

from job_code.files.csv_proof import prove_whole
from job_code.files.decimal_commas import DecimalCommas
from job_code.files.packing import Packing, duckdb_path, utf8_file
from job_code.files.reader import Reader, Reading, Remark
from job_code.files.recognize import DELIMITERS, FileContent, header_of, lines_of
from job_code.files.unreadable import UnreadableFileError

MAX_ROW_BYTES = 1_000_000  # a longer row is a quote that does not close
MAX_REJECTED = 1_000  # DuckDB keeps so many invalid rows
SHOWN = 60  # characters of a row in a message
EMPTY = "empty"  # not the name of a column: those are numbered
# DuckDB's name of a defect; how the message continues after the line number; and the cure.
DEFECTS = {
    "MISSING COLUMNS": ("has fewer values than the header", "Complete the row; if the file was cut, write it again"),
    "TOO MANY COLUMNS": ("has more values than the header", "Put values that contain the delimiter in quotes"),
    "UNQUOTED VALUE": ("has a quote that does not close", "Close the quote, and double each quote inside a value"),
    "LINE SIZE OVER MAXIMUM": ("has a quote that does not close", "Close the quote"),
    "INVALID ENCODING": ("is not UTF-8", "Save the file as UTF-8, or set `encoding`"),
}


@dataclass(frozen=True, kw_only=True)
class CsvReader(Reader):
    """How a CSV file is written.

    Attributes:
        packing: Its compression.
        encoding: Its encoding.
        delimiter: The character between two values.
        decimal: The decimal sign; None to find it out.
        verbatim: Columns whose commas are never decimal signs.
    """

    packing: Packing
    encoding: str
    delimiter: str
    decimal: str | None
    verbatim: frozenset[str]

    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        """Stream columns as text, null where a value is empty. After the last batch, prove the file whole.

        Args:
            columns: Names of the columns.
            reading: Size of the batches. Its remarks take the rows without any value, which are left out, and the
                decimal commas.

        Raises:
            UnreadableFileError: A row is invalid, or the file was cut, or the independent count finds another number
                of rows. The rows before are already yielded.
        """
        import duckdb
        from arro3.core import RecordBatchReader

        numbers = {self.names.index(column): column for column in columns}
        commas = DecimalCommas([name for name in columns if name not in self.verbatim], self.decimal)
        rows = empty = 0
        with utf8_file(self.path, self.packing, self.encoding) as (plain, packing), duckdb.connect() as database:
            try:
                found = database.sql(self._query(list(numbers), packing), params=[duckdb_path(plain)])
                for batch in RecordBatchReader.from_stream(found):
                    frame = pl.Series(cast("Any", batch)).struct.unnest()
                    rows += frame.height
                    if frame[EMPTY].any():
                        empty += int(frame[EMPTY].sum())
                        frame = frame.filter(~pl.col(EMPTY))
                    frame = frame.drop(EMPTY)
                    frame.columns = list(numbers.values())
                    yield from commas.converted(frame).iter_slices(reading.size)
            except duckdb.Error:
                raise UnreadableFileError("its rows cannot be separated", remedy="Check the quotes") from None
            _raise_if_rejected(
                database.sql("SELECT line, error_type, csv_line FROM reject_errors ORDER BY line").fetchall()
            )
            prove_whole(plain, packing, self.delimiter, columns=len(self.names), rows=rows)
        reading.remarks.extend(commas.remarks())
        if empty:
            reading.remarks.append(Remark(noun="row", problem="not read, because no column has a value", count=empty))

    def _query(self, numbers: Sequence[int], packing: Packing) -> str:
        """Return the query for columns by their numbers, because names may repeat."""
        names = [f"c{number}" for number in range(len(self.names))]
        types = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
        options = {
            "auto_detect": "false",
            "header": "true",
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
        empty = f"coalesce({', '.join(names)}) IS NULL AS {EMPTY}"
        return f"SELECT {wanted}, {empty} FROM read_csv(?, {given})"  # nosec B608 # no part comes from the file


def open_csv(
    path: Path,
    content: FileContent,
    missing: Callable[[tuple[str, ...]], int],
    *,
    decimal: str | None,
    verbatim: frozenset[str],
) -> CsvReader:
    """Find out how a CSV file is written, from its beginning.

    Args:
        path: The file.
        content: Its beginning.
        missing: Returns how many wanted columns a header lacks. The delimiter is the one that leaves the fewest.
        decimal: The decimal sign; None to find it out.
        verbatim: Columns whose commas are never decimal signs.

    Raises:
        UnreadableFileError: The beginning of the file is not text.
    """
    text = content.text
    headers = [header_of(text, delimiter) for delimiter in DELIMITERS]
    best = min(range(len(DELIMITERS)), key=lambda number: (missing(headers[number]), -len(headers[number])))
    if content.has_more:
        beginning = content.beginning
        rows = max(1, beginning.count(b"\n") * path.stat().st_size // len(beginning))
    else:
        rows = max(0, sum(1 for line in lines_of(text) if line.strip()) - 1)
    return CsvReader(
        path=path,
        format_name="CSV",
        names=headers[best],
        schema=dict.fromkeys(headers[best], pl.String()),
        rows=rows,
        typed=False,
        divisible=False,
        packing=content.packing,
        encoding=content.encoding,
        delimiter=DELIMITERS[best],
        decimal=decimal,
        verbatim=verbatim,
    )


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
