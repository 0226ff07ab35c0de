"""Executes a query of Athena: DuckDB reads the tables of the Glue catalog, as the caller."""

from typing import TYPE_CHECKING, Any

import boto3
import duckdb
from botocore.exceptions import ClientError
from sqlglot import exp

from local_cloud.athena.files import S3Files
from local_cloud.athena.results import Column, Result
from local_cloud.athena.sql import CATALOG, first_line, named_tables, translate
from local_cloud.athena.tables import QueryError, Table, catalog_table, create_views
from local_cloud.core.server_settings import Connection

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

_PARQUET = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_NAME_ERRORS = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


def execute(query: exp.Query, *, database: str, connection: Connection) -> Result:
    """Execute a query and return its result.

    Args:
        query: The query.
        database: The database of tables that are named without one.
        connection: Makes clients of Glue and S3 with the caller's permissions.

    Raises:
        QueryError: The query is wrong, or the caller may not read a table.
    """
    glue, files = boto3.client("glue", **connection), S3Files(boto3.client("s3", **connection))
    tables = [_read_table(glue, files, *name) for name in sorted(named_tables(query, database))]
    with duckdb.connect() as engine:
        engine.register_filesystem(files)
        engine.execute("SET TimeZone = 'UTC'")
        try:
            for table in tables:
                create_views(engine, table)
            translated = translate(query, tables, database)
            files.bytes_read = 0  # the schema of a table is in the catalog, so Athena reads no file for it
            found = engine.execute(translated)
            columns = [Column(name=name, duckdb_type=str(kind)) for name, kind, *_ in found.description or ()]
            described = [column.describe() for column in columns]
            rows = [
                [column.text(value) for column, value in zip(columns, row, strict=True)] for row in found.fetchall()
            ]
        except duckdb.Error as error:
            name = "SYNTAX_ERROR" if isinstance(error, _NAME_ERRORS) else "GENERIC_USER_ERROR"
            raise QueryError(files.refusal or f"{name}: {first_line(error)}") from error
    return Result(columns=described, rows=[[column.name for column in columns], *rows], bytes_scanned=files.bytes_read)


def _read_table(glue: "GlueClient", files: S3Files, database: str, name: str) -> Table:
    try:
        described: dict[str, Any] = dict(glue.get_table(DatabaseName=database, Name=name)["Table"])
        pages = glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name)
        partitions = [partition for page in pages for partition in page["Partitions"]]
    except glue.exceptions.EntityNotFoundException as error:
        raise QueryError(f"TABLE_NOT_FOUND: Table '{CATALOG}.{database}.{name}' does not exist") from error
    except ClientError as error:
        raise QueryError(f"Insufficient permissions to execute the query. {error}") from error
    if described["StorageDescriptor"].get("InputFormat") != _PARQUET:
        raise QueryError(f"NOT_SUPPORTED: the local cloud reads only Parquet files, unlike those of {database}.{name}")
    return catalog_table(described, partitions, files.below)
