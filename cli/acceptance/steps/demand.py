"""The demand of the acceptance: a small synthetic assortment whose last week arrives late."""

from datetime import date, datetime

import polars as pl

from cli.acceptance.environment_file import PARTITIONS
from cli.acceptance.trial import Trial
from cli.rehearsal.synthetic_demand import SyntheticDemand, write_demand
from contract.calendar.due import last_complete_period
from contract.job_start import DEMAND, STATIC
from contract.s3.keys import partition_folder

ARTICLES, MERCHANTS = 60, 4
# File names in S3.
HISTORY, LAST_WEEK, ARTICLES_FILE = "history.parquet", "last-week.parquet", "articles.parquet"


def last_week(trial: Trial) -> date:
    """Return the Monday of the last week that was complete when the acceptance started."""
    started = datetime.fromisoformat(trial.record.started_at).replace(tzinfo=None)
    monday = last_complete_period(started, frequency="W-MON", label="start")
    assert isinstance(monday, date)
    return monday


def make_demand(trial: Trial) -> pl.DataFrame:
    """Return the same demand in every step: one row for each series and week, up to the last complete week."""
    folder = trial.folder / "synthetic"
    if not (folder / STATIC).is_dir():
        write_demand(SyntheticDemand(articles=ARTICLES, merchants=MERCHANTS, last_week=last_week(trial)), folder)
    return pl.read_parquet(folder / DEMAND / "*.parquet")


def upload(trial: Trial, rows: pl.DataFrame, *, name: str, partition: str | None = None) -> str:
    """Upload rows of demand as one file and return its URI.

    Args:
        trial: The deployed application.
        rows: The rows.
        name: Name of the file.
        partition: Partition whose demand they are; None without partitions.
    """
    return _put(trial, rows, uri=trial.outputs["DemandUri"], name=name, partition=partition)


def upload_static(trial: Trial, *, partition: str | None = None) -> str:
    """Upload the static columns of all articles and return the URI."""
    rows = pl.read_parquet(trial.folder / "synthetic" / STATIC / ARTICLES_FILE)
    return _put(trial, rows, uri=trial.outputs["StaticUri"], name=ARTICLES_FILE, partition=partition)


def of_partition(rows: pl.DataFrame, partition: str) -> pl.DataFrame:
    """Return the demand of one partition: every second merchant."""
    number = pl.col("merchant_id").str.slice(1).cast(pl.Int64)
    return rows.filter(number % len(PARTITIONS) == PARTITIONS.index(partition))


def _put(trial: Trial, rows: pl.DataFrame, *, uri: str, name: str, partition: str | None) -> str:
    file = trial.folder / "upload.parquet"
    rows.write_parquet(file)
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    key = f"{prefix}{partition_folder(partition) if partition else ''}{name}"
    trial.place.client("s3").upload_file(str(file), bucket, key)
    file.unlink()
    return f"s3://{bucket}/{key}"
