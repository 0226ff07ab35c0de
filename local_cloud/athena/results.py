"""The result of a query as Athena returns it: columns with their types, and all values as text."""

import csv
import io
import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from local_cloud.athena.tables import QueryError

# Athena's name, precision and scale of each type of DuckDB.
_TYPES = {
    "BIGINT": ("bigint", 19, 0),
    "BOOLEAN": ("boolean", 0, 0),
    "DATE": ("date", 0, 0),
    "DOUBLE": ("double", 17, 0),
    "FLOAT": ("float", 17, 0),
    "HUGEINT": ("bigint", 19, 0),  # DuckDB's sum of bigint
    "INTEGER": ("integer", 10, 0),
    "SMALLINT": ("smallint", 5, 0),
    "TIMESTAMP": ("timestamp", 3, 0),
    "TINYINT": ("tinyint", 3, 0),
    "VARCHAR": ("varchar", 2_147_483_647, 0),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a result.

    Attributes:
        name: Its name.
        duckdb_type: DuckDB's name of its type.
    """

    name: str
    duckdb_type: str

    def describe(self) -> dict[str, Any]:
        """Return the column's entry in `ColumnInfo`.

        Raises:
            QueryError: The local cloud does not support the type.
        """
        if self.duckdb_type.startswith("DECIMAL("):
            precision, scale = map(int, self.duckdb_type[len("DECIMAL(") : -1].split(","))
            kind = "decimal"
        elif self.duckdb_type in _TYPES:
            kind, precision, scale = _TYPES[self.duckdb_type]
        else:
            raise QueryError(f"NOT_SUPPORTED: the local cloud cannot return {self.name}, a {self.duckdb_type}; cast it")
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": kind,
            "Precision": precision,
            "Scale": scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": kind == "varchar",
        }

    def text(self, value: Any) -> str | None:  # noqa: ANN401 - any value of DuckDB
        """Return a value as text; None for NULL."""
        if value is None:
            return None
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, float):
            return _shortest_float(value) if self.duckdb_type == "FLOAT" else _java_text(repr(value))
        if isinstance(value, datetime):
            return value.isoformat(sep=" ", timespec="milliseconds")
        return f"{value:f}" if isinstance(value, Decimal) else str(value)


@dataclass(frozen=True, kw_only=True)
class Result:
    """The result of a query.

    Attributes:
        columns: An entry of `ColumnInfo` for each column.
        rows: The rows, first the names of the columns. NULL is None.
        bytes_scanned: Number of bytes that the query read.
    """

    columns: Sequence[dict[str, Any]]
    rows: Sequence[Sequence[str | None]]
    bytes_scanned: int

    def csv(self) -> str:
        """Return the file that Athena writes: every value in quotes, nothing for NULL."""
        return "".join(f"{','.join(map(_field, row))}\n" for row in self.rows)

    def page(self, first: int, size: int) -> dict[str, Any]:
        """Return the answer to `GetQueryResults` with the rows from `first` on."""
        rows = [
            {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in self.rows[first : first + size]
        ]
        answer = {"UpdateCount": 0, "ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": self.columns}}}
        return answer | ({"NextToken": str(first + size)} if first + size < len(self.rows) else {})


def _field(value: str | None) -> str:
    if value is None:
        return ""
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="").writerow([value])
    return written.getvalue()


def _shortest_float(value: float) -> str:
    """Return the shortest text that stands for a number of 32 bits."""
    if not math.isfinite(value):
        return _java_text(repr(value))
    stored = struct.pack("f", value)
    texts = (f"{value:.{digits}g}" for digits in range(1, 10))
    return _java_text(repr(float(next(text for text in texts if struct.pack("f", float(text)) == stored))))


def _java_text(text: str) -> str:
    """Return Python's text of a number as Java writes it: with an exponent below 0.001 and from 10 million on."""
    if text in ("nan", "inf", "-inf"):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[text]
    number = Decimal(text)
    if number == 0 or Decimal("1e-3") <= abs(number) < Decimal("1e7"):
        return text
    sign, digits, _ = number.normalize().as_tuple()
    rest = "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{digits[0]}.{rest}E{number.adjusted()}"
