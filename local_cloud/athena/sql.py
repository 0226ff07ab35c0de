"""Athena's SQL: reads a query, finds its tables, and translates it to DuckDB's dialect."""

from collections.abc import Iterable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from local_cloud.athena.tables import PARTITIONS, QueryError, Table, sql_types

DIALECT = "athena"
CATALOG = "awsdatacatalog"
_UNNAMED = "_unnamed"  # the alias, until its position is known, of an output column that the query gives no name


def read_query(text: str) -> exp.Query:
    """Read a SELECT query.

    Raises:
        QueryError: The text is not one SELECT query.
    """
    try:
        found = sqlglot.parse(text, read=DIALECT)
    except sqlglot.errors.SqlglotError as error:
        raise QueryError(first_line(error)) from error
    if len(found) != 1:
        raise QueryError("Only one sql statement is allowed.")
    if not isinstance(found[0], exp.Query):
        raise QueryError("The local cloud executes only SELECT queries.")
    return found[0]


def named_tables(query: exp.Query, database: str) -> set[tuple[str, str]]:
    """Return the database and the name of each table of the Glue catalog in a query.

    Args:
        query: The query.
        database: The database of tables that are named without one.

    Raises:
        QueryError: A table is in another catalog.
    """
    within = {expression.alias_or_name.lower() for expression in query.find_all(exp.CTE)}
    found = set()
    for table in query.find_all(exp.Table):
        if table.catalog and table.catalog.lower() != CATALOG:
            raise QueryError(f"CATALOG_NOT_FOUND: Catalog '{table.catalog}' does not exist")
        if table.db or table.name.lower() not in within:
            found.add(((table.db or database).lower(), table.name.lower().removesuffix(PARTITIONS)))
    return found


def translate(query: exp.Query, tables: Iterable[Table], database: str) -> str:
    """Return a query in DuckDB's dialect.

    Args:
        query: The query in Athena's dialect.
        tables: The tables in it.
        database: The database of tables that are named without one.

    Raises:
        QueryError: A column does not exist, or a name has several meanings.
    """
    known: dict[str, Any] = {}
    for table in tables:
        types = sql_types(table)
        of_database = known.setdefault(table.database, {})
        of_database[table.name] = types
        of_database[table.name + PARTITIONS] = {name: types[name] for name in table.keys}
    schema = MappingSchema(known, dialect=DIALECT)
    translated = query.copy()
    for named in translated.find_all(exp.Table):
        named.set("catalog", None)
    for column in translated.selects:
        if not (column.is_star or isinstance(column, exp.Column | exp.Alias)):
            column.replace(exp.alias_(column.copy(), _UNNAMED))
    try:
        # Athena knows the alias of a column in ORDER BY alone.
        qualified = qualify(translated, schema=schema, db=database, dialect=DIALECT, expand_alias_refs=False)
    except OptimizeError as error:
        raise QueryError(f"COLUMN_NOT_FOUND: {first_line(error)}") from error
    assert isinstance(qualified, exp.Query)
    for number, column in enumerate(qualified.selects):
        if column.alias == _UNNAMED:
            column.set("alias", exp.to_identifier(f"_col{number}", quoted=True))
    return annotate_types(qualified, schema=schema, dialect=DIALECT).sql(dialect="duckdb", identify=True)


def first_line(error: Exception) -> str:
    """Return the first line of an error's text. The next ones repeat the query."""
    return str(error).partition("\n")[0]
