"""`python -m drills.partitions`: very many tiny partitions, some broken, then mended, and what became of each."""

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
from cli.rehearsal.application import Application, synthesise
from contract.s3.keys import partition_folder
from contract.s3.partition_keys import PartitionsKeys
from local_cloud import LocalCloud, wait_for_execution

SETTINGS = "[partitions]\ndiscover = true\nat_a_time = {}\n"
LAST = date(2026, 11, 16)
MAX_SECONDS = 7_200
GIVEN = {"config": {"n_estimators": 10, "horizon": 4}}


def parquet(rows: pl.DataFrame) -> bytes:
    """A file of them."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


def tiny(seed: int) -> pl.DataFrame:
    """Three series of sixty weeks."""
    rows = [
        (f"A{article}", "M", LAST - timedelta(weeks=back), float((article * 7 + back * seed) % 11))
        for article in range(3)
        for back in range(60)
    ]
    return pl.DataFrame(rows, schema=["article_id", "merchant_id", "ds", "y"], orient="row")


# How a partition may be broken, and what its line must say.
BROKEN: dict[str, tuple[Callable[[pl.DataFrame], bytes], str]] = {
    "no Parquet": (lambda _: b"something else", "cannot be read as Parquet"),
    "truncated": (lambda rows: parquet(rows)[:-50], "cannot be read as Parquet"),
    "twice": (lambda rows: parquet(pl.concat([rows, rows[:1]])), "with duplicate weeks"),
    "without demand": (lambda rows: parquet(rows.drop("y")), "without the column y"),
    "infinite": (lambda rows: parquet(rows.with_columns(y=pl.col("y") / 0)), "with an infinite value"),
}


class Partitions(Application):
    """The application with partitions, in a cloud of its own."""

    def upload(self, partition: str, content: bytes) -> None:
        """Puts a partition's demand where its run looks for it."""
        self.put_demand(f"{partition_folder(partition)}demand.parquet", content)

    def run(self) -> dict[str, dict[str, str]]:
        """Runs all partitions; returns the table, by partition."""
        execution = self.start(GIVEN, machine="PartitionsStateMachineArn")
        ended = wait_for_execution(self.cloud.client, execution, seconds=MAX_SECONDS)
        print(f"  ended as {ended['status']}: {ended.get('cause') or json.loads(ended['output'])['counts']}")
        keys = PartitionsKeys(execution=execution.rsplit(":", 1)[-1])
        table = self.cloud.client("s3").get_object(Bucket=self.bucket, Key=keys.table)
        return {row["partition"]: row for row in csv.DictReader(io.StringIO(table["Body"].read().decode()))}

    def trained(self) -> int:
        """How many training jobs there have been."""
        pages = self.cloud.client("sagemaker").list_training_jobs(MaxResults=100_000)
        return len(pages["TrainingJobSummaries"])

    def most_at_a_time(self) -> int:
        """How many executions of runs there were at the same time, at most."""
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


def drill(place: Partitions, count: int, share: float) -> list[str]:
    """Runs, mends and runs again.

    Args:
        place: The application.
        count: Partitions.
        share: Of them that are broken.

    Returns:
        What is not as it should be.
    """
    names = [f"P{number:04d}" for number in range(count)]
    ways = list(BROKEN)
    spoilt = {name: ways[number % len(ways)] for number, name in enumerate(names[:: max(1, round(1 / share))])}
    for number, name in enumerate(names):
        rows = tiny(number + 1)
        place.upload(name, BROKEN[spoilt[name]][0](rows) if name in spoilt else parquet(rows))
    begun = time.monotonic()
    first = place.run()
    print(f"  {count} partitions, {place.most_at_a_time()} at a time at most, {time.monotonic() - begun:.0f} s")
    wrong = [f"{name}: {row['outcome']}: {row['reason']}" for name, row in first.items() if not _is_right(row, spoilt)]
    wrong += [f"{name} is not in the table" for name in names if name not in first]
    before = place.trained()
    for name in spoilt:
        place.upload(name, parquet(tiny(1)))
    begun = time.monotonic()
    again = place.run()
    made = place.trained() - before
    outcomes = Counter(row["outcome"] for row in again.values())
    print(f"  after mending: {dict(outcomes)}, {made} jobs, {time.monotonic() - begun:.0f} s")
    if outcomes != {"published": len(spoilt), "published before": count - len(spoilt)} or made != len(spoilt):
        wrong.append(f"the rerun made {made} jobs and came to {dict(outcomes)}")
    return wrong


def _is_right(row: Mapping[str, str], spoilt: Mapping[str, str]) -> bool:
    if row["partition"] not in spoilt:
        return row["outcome"] == "published"
    return row["outcome"] == "failed" and BROKEN[spoilt[row["partition"]]][1] in row["reason"]


def with_partitions(folder: Path, max_concurrency: int) -> Path:
    """Synthesises the dev environment with partitions; returns the assembly."""
    (folder / "environments").mkdir()
    text = (CHECKOUT / "environments" / "dev.toml").read_text()
    (folder / "environments" / "dev.toml").write_text(f"{text}\n{SETTINGS.format(max_concurrency)}")
    shutil.copy(CHECKOUT / "app.py", folder / "app.py")
    synthesise(folder / "assembly", "dev", app=folder / "app.py")
    return folder / "assembly"


def main() -> int:
    """The command line; returns 0 where everything is as it should be."""
    parser = argparse.ArgumentParser(prog="python -m drills.partitions", description=__doc__)
    parser.add_argument("--partitions", type=int, default=300, help="default: 300")
    parser.add_argument("--at-a-time", type=int, default=8, help="default: 8")
    parser.add_argument("--broken", type=float, default=0.05, help="share of them; default: 0.05")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="partitions-") as temporary:
        folder = Path(temporary)
        assembly = with_partitions(folder, given.max_concurrency)
        with LocalCloud(folder / "cloud", time_scale=0.002) as cloud:
            wrong = drill(Partitions.deployed(cloud, assembly), given.partitions, given.broken)
    for each in wrong:
        print(f"  WRONG: {each}")
    print("everything is as it should be" if not wrong else f"{len(wrong)} things are not as they should be")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
