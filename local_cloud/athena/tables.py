"""Tables of the Glue catalog, shown as views of DuckDB over Parquet files."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

PARTITIONS = "$partitions"
# Each type of the Glue catalog: its name in SQL, and DuckDB's names of the types that a Parquet file may have for it.
_TYPES = {
    "bigint": ("bigint", ("BIGINT",)),
    "boolean": ("boolean", ("BOOLEAN",)),
    "date": ("date", ("DATE",)),
    "double": ("double", ("DOUBLE",)),
    "float": ("real", ("FLOAT",)),
    "int": ("integer", ("INTEGER",)),
    "smallint": ("smallint", ("SMALLINT",)),
    "string": ("varchar", ("VARCHAR",)),
    "timestamp": ("timestamp", ("TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_NS")),
    "tinyint": ("tinyint", ("TINYINT",)),
}


class QueryError(Exception):
    """A query cannot be executed. The text is the reason, as Athena begins it: with the name of the error."""


@dataclass(frozen=True, kw_only=True)
class Partition:
    """A partition of a table.

    Attributes:
        values: The value of each partition key, in the order of the keys. Empty if the table has no keys.
        files: The paths or addresses of its Parquet files.
    """

    values: Sequence[str]
    files: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the Glue catalog.

    Attributes:
        database: Name of its database.
        name: Its name.
        columns: The type of each column of the files, in the words of the Glue catalog.
        keys: The type of each partition key.
        partitions: The partitions; for a table without keys, one with all files.
    """

    database: str
    name: str
    columns: Mapping[str, str]
    keys: Mapping[str, str]
    partitions: Sequence[Partition]


def catalog_table(
    described: Mapping[str, Any], partitions: Iterable[Mapping[str, Any]], files_below: Callable[[str], Sequence[str]]
) -> Table:
    """Return a table from its descriptions in the Glue catalog.

    Args:
        described: The table, as `GetTable` returns it.
        partitions: Its partitions, as `GetPartitions` returns them.
        files_below: Returns the Parquet files below a location.
    """
    keys = {key["Name"]: key["Type"] for key in described.get("PartitionKeys", [])}
    stored = [(each["Values"], each["StorageDescriptor"]) for each in partitions]
    if not keys:
        stored = [([], described["StorageDescriptor"])]
    return Table(
        database=described["DatabaseName"],
        name=described["Name"],
        columns={column["Name"]: column["Type"] for column in described["StorageDescriptor"]["Columns"]},
        keys=keys,
        partitions=[Partition(values=values, files=files_below(place["Location"])) for values, place in stored],
    )


def create_views(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Create the view of a table, with the columns that the catalog has and no others, and the view of its partitions.

    Raises:
        QueryError: A file has another type than the catalog, or a type of the catalog is not supported.
    """
    types = sql_types(table)
    empty = ", ".join(f"CAST(NULL AS {kind}) AS {_quoted(name)}" for name, kind in types.items())
    rows, listed = [f"SELECT {empty} WHERE false"], []
    for partition in table.partitions:
        keys = [
            f"CAST({_text(value)} AS {types[name]}) AS {_quoted(name)}"
            for name, value in zip(table.keys, partition.values, strict=True)
        ]
        listed.append(f"SELECT {', '.join(keys)}")
        if partition.files:
            files = f"[{', '.join(map(_text, partition.files))}]"
            columns = _columns(connection, table, partition.files)
            rows.append(f"SELECT {', '.join([*columns, *keys])} FROM read_parquet({files})")  # nosec B608 # all is quoted
    view = f"{_quoted(table.database)}.{_quoted(table.name)}"
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(table.database)}")
    connection.execute(f"CREATE VIEW {view} AS {' UNION ALL '.join(rows)}")
    if table.keys:
        none = ", ".join(f"CAST(NULL AS {types[name]}) AS {_quoted(name)}" for name in table.keys)
        view = f"{_quoted(table.database)}.{_quoted(table.name + PARTITIONS)}"
        connection.execute(f"CREATE VIEW {view} AS {' UNION ALL '.join([f'SELECT {none} WHERE false', *listed])}")


def sql_types(table: Table) -> dict[str, str]:
    """Return the type of each column and key of a table, in the words of SQL.

    Raises:
        QueryError: A type is not supported.
    """
    types = {**table.columns, **table.keys}
    for name, kind in types.items():
        if kind not in _TYPES:
            raise QueryError(f"NOT_SUPPORTED: the local cloud cannot read the type {kind} of {table.name}.{name}")
    return {name: _TYPES[kind][0] for name, kind in types.items()}


def _columns(connection: duckdb.DuckDBPyConnection, table: Table, files: Sequence[str]) -> Iterator[str]:
    """Yield the columns of a partition's files. A column that they lack is NULL."""
    read = connection.read_parquet(list(files))
    stored = {name.lower(): str(kind) for name, kind in zip(read.columns, read.types, strict=True)}
    for name, kind in table.columns.items():
        sql_type, accepted = _TYPES[kind]
        if name not in stored:
            yield f"CAST(NULL AS {sql_type}) AS {_quoted(name)}"
        elif stored[name] not in accepted:
            raise QueryError(
                f"HIVE_BAD_DATA: Field {name}'s type {stored[name]} in parquet file {files[0]} is incompatible with"
                f" type {sql_type} defined in table schema"
            )
        else:
            yield _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
