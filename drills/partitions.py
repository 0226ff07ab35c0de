"""`python -m drills.partitions`: run many small partitions, some with invalid demand, then fix these and rerun."""

import argparse
import csv
import io
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from cli.checkout import CHECKOUT
from cli.rehearsal.application import Application, synthesize
from contract.s3.keys import partition_folder
from contract.s3.partition_keys import PartitionsKeys
from local_cloud import LocalCloud, wait_for_execution

SETTINGS = "[partitions]\ndiscover = true\nmax_concurrency = {}\n"
LAST = date(2026, 11, 16)
MAX_SECONDS = 7_200
QUICK = {"config": {"n_estimators": 10, "horizon": 4}}


def parquet(rows: pl.DataFrame) -> bytes:
    """Return rows as a Parquet file."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def tiny(seed: int) -> pl.DataFrame:
    """Return demand of three series of sixty weeks."""
    rows = [
        (f"A{article}", "M", LAST - timedelta(weeks=back), float((article * 7 + back * seed) % 11))
        for article in range(3)
        for back in range(60)
    ]
    return pl.DataFrame(rows, schema=["article_id", "merchant_id", "ds", "y"], orient="row")


# Defects of a partition's demand, and the text that the partition's reason must contain.
DEFECTS: dict[str, tuple[Callable[[pl.DataFrame], bytes], str]] = {
    "no Parquet": (lambda _: b"something else", "cannot be read as Parquet"),
    "truncated": (lambda rows: parquet(rows)[:-50], "cannot be read as Parquet"),
    "twice": (lambda rows: parquet(pl.concat([rows, rows[:1]])), "with duplicate weeks"),
    "without demand": (lambda rows: parquet(rows.drop("y")), "without the column y"),
    "infinite": (lambda rows: parquet(rows.with_columns(y=pl.col("y") / 0)), "with an infinite value"),
}


class Partitions(Application):
    """The application with partitions, in its own local cloud."""

    def upload(self, partition: str, content: bytes) -> None:
        """Upload the demand of a partition."""
        self.put_demand(f"{partition_folder(partition)}demand.parquet", content)

    def run(self) -> dict[str, dict[str, str]]:
        """Run all partitions and return the rows of the outcome table, by partition."""
        execution = self.start(QUICK, machine="PartitionsStateMachineArn")
        ended = wait_for_execution(self.cloud.client, execution, seconds=MAX_SECONDS)
        print(f"  execution {ended['status']}: {ended.get('cause') or json.loads(ended['output'])['counts']}")
        keys = PartitionsKeys(execution=execution.rsplit(":", 1)[-1])
        table = self.cloud.client("s3").get_object(Bucket=self.bucket, Key=keys.table)
        return {row["partition"]: row for row in csv.DictReader(io.StringIO(table["Body"].read().decode()))}

    def trained(self) -> int:
        """Return the number of training jobs since the deployment."""
        pages = self.cloud.client("sagemaker").list_training_jobs(MaxResults=100_000)
        return len(pages["TrainingJobSummaries"])

    def max_concurrent(self) -> int:
        """Return the largest number of simultaneous executions of runs."""
        pages = self.cloud.client("stepfunctions").get_paginator("list_executions")
        moments: list[tuple[datetime, int]] = []
        for page in pages.paginate(stateMachineArn=self.outputs["StateMachineArn"]):
            for each in page["executions"]:
                moments += [(each["startDate"], 1), (each["stopDate"], -1)]
        most = now = 0
        for _, change in sorted(moments, key=lambda moment: (moment[0], moment[1])):
            now += change
            most = max(most, now)
        return most


def drill(application: Partitions, count: int, share: float) -> list[str]:
    """Run all partitions, fix the invalid ones and rerun.

    Args:
        application: The application.
        count: Number of partitions.
        share: Share of partitions with invalid demand.

    Returns:
        A line for each unexpected outcome.
    """
    names = [f"P{number:04d}" for number in range(count)]
    defects = list(DEFECTS)
    invalid = {name: defects[number % len(defects)] for number, name in enumerate(names[:: max(1, round(1 / share))])}
    for number, name in enumerate(names):
        rows = tiny(number + 1)
        application.upload(name, DEFECTS[invalid[name]][0](rows) if name in invalid else parquet(rows))
    started = time.monotonic()
    first = application.run()
    print(
        f"  {count} partitions, at most {application.max_concurrent()} concurrent, {time.monotonic() - started:.0f} s"
    )
    problems = [
        f"{name}: {row['outcome']}: {row['reason']}" for name, row in first.items() if not _is_expected(row, invalid)
    ]
    problems += [f"{name} is missing in the outcome table" for name in names if name not in first]
    before = application.trained()
    for name in invalid:
        application.upload(name, parquet(tiny(1)))
    started = time.monotonic()
    again = application.run()
    jobs = application.trained() - before
    outcomes = Counter(row["outcome"] for row in again.values())
    print(f"  rerun after the fix: {dict(outcomes)}, {jobs} jobs, {time.monotonic() - started:.0f} s")
    if outcomes != {"published": len(invalid), "published before": count - len(invalid)} or jobs != len(invalid):
        problems.append(f"the rerun started {jobs} jobs instead of {len(invalid)}; its outcomes are {dict(outcomes)}")
    return problems


def _is_expected(row: Mapping[str, str], invalid: Mapping[str, str]) -> bool:
    if row["partition"] not in invalid:
        return row["outcome"] == "published"
    return row["outcome"] == "failed" and DEFECTS[invalid[row["partition"]]][1] in row["reason"]


def with_partitions(folder: Path, max_concurrency: int) -> Path:
    """Synthesize the dev environment with partitions and return the folder of the assembly."""
    (folder / "environments").mkdir()
    text = (CHECKOUT / "environments" / "dev.toml").read_text()
    (folder / "environments" / "dev.toml").write_text(f"{text}\n{SETTINGS.format(max_concurrency)}")
    shutil.copy(CHECKOUT / "app.py", folder / "app.py")
    synthesize(folder / "assembly", "dev", app=folder / "app.py")
    return folder / "assembly"


def main() -> int:
    """Run the command line and return 0 if every outcome is as expected."""
    parser = argparse.ArgumentParser(prog="python -m drills.partitions", description=__doc__)
    parser.add_argument("--partitions", type=int, default=300, help="number of partitions; default: 300")
    parser.add_argument("--max-concurrency", type=int, default=8, help="concurrent partitions; default: 8")
    parser.add_argument("--invalid", type=float, default=0.05, help="share with invalid demand; default: 0.05")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="partitions-") as temporary:
        folder = Path(temporary)
        assembly = with_partitions(folder, options.max_concurrency)
        with LocalCloud(folder / "cloud", time_scale=0.002) as cloud:
            problems = drill(Partitions.deployed(cloud, assembly), options.partitions, options.invalid)
    for each in problems:
        print(f"  UNEXPECTED: {each}")
    print(f"{len(problems)} unexpected outcomes" if problems else "all outcomes are as expected")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
