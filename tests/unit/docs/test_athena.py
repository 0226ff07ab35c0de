"""The SQL of the pages answers what the page says, over the files of real runs and the tables that Publish creates.

The local cloud's Athena executes the queries, which is DuckDB. Athena itself runs only on AWS.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import duckdb
import polars as pl
import pytest
from moto import mock_aws

from docs_pages.generated import ROOT
from lambdas.publish.catalog import Catalog
from local_cloud.athena.sql import read_query, translate
from local_cloud.athena.tables import catalog_table, create_views
from tests.demand import LAST, run_job, shop

DATABASE = "onejob_prod"
# Names of runs as on the page.
EARLIER, LATER = "onejob-prod-20261116-050007-3f0c1a2b-0-0-00", "onejob-prod-20261123-050006-90ab12cd-0-0-00"
Answer = Callable[[str], pl.DataFrame]
KEY = ["article_id", "merchant_id"]


def queries() -> list[str]:
    """Return the SQL of all pages in their order."""
    pages = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("forecasts.md", "data-contract.md")]
    return [query for page in pages for query in re.findall(r"^```sql\n(.*?)^```", page, re.MULTILINE | re.DOTALL)]


def demand() -> pl.DataFrame:
    """Return 24 series that end last week, so that `current_date` is within the forecast."""
    monday = datetime.now(UTC).date() - timedelta(days=datetime.now(UTC).weekday())
    number = pl.col("unique_id").str.slice(1).cast(pl.Int64)
    return shop(24, 120).select(
        (10_040 + number // 3).alias("article_id"),
        (6 + number % 3).alias("merchant_id"),
        pl.col("ds").cast(pl.Date) + (monday - timedelta(days=7) - LAST),
        "y",
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An earlier and a later run of the job, one week apart."""
    rows = demand()
    last = rows["ds"].max()
    of_run = {EARLIER: rows.filter(pl.col("ds") < last), LATER: rows}
    return {
        name: run_job(tmp_path_factory.mktemp("run"), each, key=",".join(KEY), horizon=12)
        for name, each in of_run.items()
    }


@pytest.fixture(scope="module")
def answer(runs: Mapping[str, Any]) -> Iterator[Answer]:
    """Return a function that executes a query over the tables that Publish creates in the Glue catalog.

    If a file has other types than the catalog, no query works.
    """
    with mock_aws(), duckdb.connect() as connection:
        glue = boto3.client("glue", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
        glue.create_database(DatabaseInput={"Name": DATABASE})
        catalog = Catalog(glue, DATABASE, "s3://bucket/forecasts/")
        for name, run in runs.items():
            types = run.manifest["column_types"]
            catalog.show(partition="all", run_id=name, location=str(run.forecast_folder), types=types)
        tables = []
        for described in glue.get_tables(DatabaseName=DATABASE)["TableList"]:
            partitions = glue.get_partitions(DatabaseName=DATABASE, TableName=described["Name"])["Partitions"]
            tables.append(catalog_table(described, partitions, files_below))
            create_views(connection, tables[-1])

        def answer(query: str) -> pl.DataFrame:
            found = connection.execute(translate(read_query(query), tables, DATABASE))
            names = [column[0] for column in found.description or ()]
            return pl.DataFrame(found.fetchall(), schema=names, orient="row")

        yield answer


def files_below(location: str) -> list[str]:
    return sorted(str(file) for file in Path(location).glob("part-*.parquet"))


def by(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    return frame.group_by(names).agg(pl.col("mean", "q90").cast(pl.Float64).sum())


def test_the_tables_have_the_columns_of_the_forecasts(answer: Answer, runs: Mapping[str, Any]) -> None:
    types = runs[LATER].manifest["column_types"]
    assert list(types) == [*KEY, "ds", "mean", "q10", "q50", "q90"]
    for table, keys in (("forecasts", ["partition"]), ("forecast_runs", ["partition", "run_id"])):
        assert answer(f"SELECT * FROM {table}").columns == [*types, *keys]


def test_every_query_has_an_answer(answer: Answer) -> None:
    assert len(queries()) == 9
    for query in queries():
        assert answer(query).height > 0, query


def test_the_answers_follow_from_the_forecasts(answer: Answer, runs: Mapping[str, Any]) -> None:
    later, earlier = runs[LATER].forecasts, runs[EARLIER].forecasts
    total, largest, one, highest, orders, listed, change, changed, of_contract = (answer(query) for query in queries())
    weeks = by(later, "ds").sort("ds")
    for found in (total, of_contract):
        assert found["ds"].to_list() == weeks["ds"].to_list()
        assert found[found.columns[1]].to_list() == pytest.approx(weeks["mean"].to_list(), rel=1e-5)
    assert highest["demand"].to_list() == pytest.approx(weeks["mean"].sort(descending=True)[:3].to_list(), rel=1e-5)

    soon = by(later.filter(pl.col("ds").cast(pl.Date) < datetime.now(UTC).date() + timedelta(days=28)), "article_id")
    assert largest["article_id"].to_list() == soon.sort("mean", descending=True)["article_id"].to_list()
    assert largest["demand"].to_list() == pytest.approx(soon["mean"].sort(descending=True).to_list(), rel=1e-5)
    assert largest.height == 8

    of_one = later.filter(pl.col("article_id") == 10_043, pl.col("merchant_id") == 7).sort("ds")
    assert one.rows() == of_one.select(one.columns).rows()
    assert one.height == 12

    first = by(later.filter(pl.col("ds") == later["ds"].min()), "article_id").sort("article_id")
    assert orders["order_quantity"].to_list() == pytest.approx(first["q90"].to_list(), rel=1e-5)
    assert listed["run_id"].to_list() == [LATER, EARLIER]

    both = later.join(earlier, on=[*KEY, "ds"], suffix="_before").with_columns(
        pl.col("mean", "mean_before").cast(float)
    )
    for found, name in ((change, "ds"), (changed, "article_id")):
        expected = both.group_by(name).agg(pl.col("mean", "mean_before").sum()).sort(name)
        assert found.height == expected.height == {"ds": 11, "article_id": 8}[name]
        assert found.sort(name)["demand"].to_list() == pytest.approx(expected["mean"].to_list(), rel=1e-5)
        assert found.sort(name)["demand_before"].to_list() == pytest.approx(expected["mean_before"].to_list(), rel=1e-5)
    assert change["change"].to_list() == pytest.approx(
        (change["demand"] / change["demand_before"] - 1).to_list(), abs=1e-5
    )
    moved = (changed["demand"] - changed["demand_before"]).abs()
    assert moved.to_list() == sorted(moved, reverse=True)
