"""The benchmark of raw transactions: they are the weekly demand, and the job sums them up to it."""

import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from benchmarks.plain_mlforecast import KEY
from benchmarks.speed.measure_process import ROOT
from benchmarks.speed.process_tree import supported
from benchmarks.transactions import MAX_MEMORY_RATIO, main, write_transactions


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weeks")
    command = [sys.executable, "-m", "benchmarks.generator", "--series", "40", "--weeks", "60"]
    subprocess.run([*command, "--output", str(folder)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return folder / "demand"


def test_transactions_add_up_to_the_weeks(weeks: Path, tmp_path: Path) -> None:
    series = write_transactions(weeks, tmp_path / "transactions", 5_000)
    sold = pl.read_parquet(weeks / "*.parquet").filter(pl.col("y") > 0)
    rows = pl.read_parquet(tmp_path / "transactions" / "*.parquet")
    assert series == rows.select(KEY).n_unique() == sold.select(KEY).n_unique()
    assert rows.height == pytest.approx(5_000, rel=0.3)
    assert rows["ds"].n_unique() > rows.height / 2
    monday = pl.col("ds").dt.truncate("1w").dt.date().alias("ds")
    totals = rows.group_by(*KEY, monday).agg(pl.col("y").sum()).sort(*KEY, "ds")
    assert totals.select(*KEY, "ds").equals(sold.select(*KEY, "ds").sort(*KEY, "ds"))
    assert totals["y"].to_numpy() == pytest.approx(sold.sort(*KEY, "ds")["y"].to_numpy(), rel=1e-5)


@pytest.mark.nightly
@pytest.mark.skipif(not supported(), reason="the benchmark runs on Linux")
@pytest.mark.usefixtures("one_core")
def test_measures_the_job_on_transactions_and_on_weeks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--series", "60", "--weeks", "80", "--transactions", "20000", "--folder", str(tmp_path)]
    code = main(arguments)
    printed = capsys.readouterr().out
    weekly, raw = (line.split(" | ") for line in printed.splitlines() if re.match(r"\| (weeks|tra)", line))
    assert int(raw[1].replace(",", "")) > 2 * int(weekly[1].replace(",", ""))
    found = re.search(r"relative to weeks: ([\d.]+) \(([\d,]+) / ([\d,]+) bytes\)", printed)
    assert found
    of_raw, of_weeks = (int(found[at].replace(",", "")) for at in (2, 3))
    assert float(found[1]) == pytest.approx(of_raw / of_weeks, abs=0.005)
    assert (of_raw / of_weeks <= MAX_MEMORY_RATIO) == (code == 0)
    assert list(tmp_path.iterdir()) == []
