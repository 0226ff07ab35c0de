"""Real feeds as they come. The data contract has one command for each, and these tests run it."""

import shlex
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from tests.demand import Finished
from tests.end_to_end.conftest import REPOSITORY, start
from tests.end_to_end.test_rehearsal import rehearse

PAGES = [REPOSITORY / "docs" / name for name in ("data-contract.md", "covariates.md")]
BERLIN = ZoneInfo("Europe/Berlin")


def command_of(folder: str) -> list[str]:
    """Return the arguments of the documented command that reads a folder or file."""
    text = "\n".join(page.read_text() for page in PAGES)
    lines = [line for line in text.splitlines() if line.startswith(f"onejob train --demand {folder} ")]
    (line,) = lines
    return shlex.split(line)[1:]


def sales(folder: Path) -> None:
    """Write the transactions of three shops by the second, over 60 weeks, in several files."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for shop in ("north", "south", "west"):
        count = 4_000
        day = rng.integers(0, 7 * 60, count)
        second = rng.integers(8 * 3_600, 20 * 3_600, count)
        first = datetime.combine(date(2025, 9, 29), time())
        rows = pl.DataFrame(
            {
                "shop": shop,
                "item": rng.choice(["bread", "rolls"], count),
                "sold_at": [
                    first + timedelta(days=int(at), seconds=int(of)) for at, of in zip(day, second, strict=True)
                ],
                "units": rng.integers(1, 4, count),
            }
        )
        rows.write_parquet(folder / f"{shop}.parquet")


def meters(folder: Path) -> None:
    """Write hourly readings of two meters until after the clock change of October 2026."""
    begin = datetime(2026, 9, 20, tzinfo=BERLIN).astimezone(UTC)
    hours = [begin + timedelta(hours=at) for at in range(24 * 40 + 1)]
    rows = [
        (meter, hour, 2.0 + scale + np.sin(hour.astimezone(BERLIN).hour / 24 * 2 * np.pi))
        for scale, meter in enumerate(("m1", "m2"))
        for hour in hours
    ]
    table = pl.DataFrame(rows, schema=["meter", "read_at", "kwh"], orient="row")
    table.with_columns(pl.col("read_at").dt.convert_time_zone("Europe/Berlin")).write_parquet(folder)


def delta(folder: Path) -> None:
    """Write a Delta table, and correct one part of it, so that a file no longer belongs to it."""
    weeks = [date(2025, 6, 2) + timedelta(weeks=at) for at in range(70)]
    wrong = pl.DataFrame([("a", week, 1000.0) for week in weeks], schema=["sku", "week", "units"], orient="row")
    right = pl.DataFrame(
        [(sku, week, float(at % 7 + 1)) for sku in ("a", "b") for at, week in enumerate(weeks)],
        schema=["sku", "week", "units"],
        orient="row",
    )
    wrong.write_delta(str(folder))
    right.write_delta(str(folder), mode="overwrite")


def quarters(folder: Path) -> None:
    """Write quarters of six plants as a German spreadsheet exports them."""
    rows = [
        f"P{plant};{2012 + at // 4}-Q{at % 4 + 1};{1_000 + 10 * at + plant},5"
        for plant in range(6)
        for at in range(4 * 14)
    ]
    folder.write_text("\n".join(["plant;quarter;tons", *rows, ""]))


@pytest.mark.parametrize(
    ("name", "write", "series", "frequency", "cutoff"),
    [
        ("sales/", sales, 6, "W-MON", "2026-11-16"),
        ("meters.parquet", meters, 2, "h", "2026-10-29T22:00Z"),
        ("warehouse/demand/", delta, 2, "W-MON", "2026-09-28"),
        ("quarters.csv", quarters, 6, "QS-JAN", "2025-10-01"),
    ],
)
def test_the_command_of_the_data_contract(
    tmp_path: Path, name: str, write: Callable[[Path], None], series: int, frequency: str, cutoff: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    arguments = [str(tmp_path / part) if part in (name, "out") else part for part in command_of(name)]
    ended = start(tmp_path, *arguments, "--set", "n_estimators=20", program="cli.main").end()
    assert ended.code == 0, ended.err
    finished = Finished(tmp_path / "out")
    manifest = finished.manifest
    assert (manifest["series"], manifest["frequency"], manifest["cutoff"]) == (series, frequency, cutoff)
    assert manifest["data_quality"]["warnings"] == []
    limit = 8 if name == "warehouse/demand/" else 3_000
    assert finished.forecasts["mean"].is_between(0, limit, closed="right").all()


def test_the_forecast_follows_a_price_list(tmp_path: Path) -> None:
    """Weekly demand is 30 at the low price and 10 otherwise. In December, 20 of 40 articles have the low price."""
    rng = np.random.default_rng(0)
    weeks = [date(2026, 11, 16) + timedelta(weeks=at - 129) for at in range(130)]
    months = [date(2024 + at // 12, at % 12 + 1, 1) for at in range(38)]
    sold, prices = [], []
    for article in range(40):
        low = rng.random(len(months)) < 0.4
        low[34:] = False
        low[35] = article < 20
        for week in weeks:
            end = week + timedelta(days=6)
            in_force = low[(end.year - 2024) * 12 + end.month - 1]
            sold.append((article, week, (30.0 if in_force else 10.0) + rng.normal(0, 0.3)))
        changes = np.flatnonzero(np.append(True, np.diff(low)))  # a row for each change
        prices += [(article, months[at], 7.0 if low[at] else 10.0) for at in changes]
    (tmp_path / "articles").mkdir()
    pl.DataFrame(sold, schema=["article", "week", "units"], orient="row").write_parquet(tmp_path / "articles/a.parquet")
    pl.DataFrame(prices, schema=["article", "week", "price"], orient="row").write_csv(tmp_path / "prices.csv")
    given = ("articles/", "prices.csv", "out")
    arguments = [str(tmp_path / part) if part in given else part for part in command_of("articles/")]
    ended = start(tmp_path, *arguments, "--set", "n_estimators=60", program="cli.main").end()
    assert ended.code == 0, ended.err
    finished = Finished(tmp_path / "out")
    forecasts = finished.forecasts.sort("article", "ds")["q50"].to_numpy().reshape(40, 12)
    assert (forecasts[:20, 1:5] > 20).all()  # the weeks that end in December
    assert (forecasts[:20, 5:] < 15).all()
    assert (forecasts[:20, 0] < 15).all()
    assert (forecasts[20:] < 15).all()
    held = "price keeps the last value of its key for"
    assert [note for note in finished.manifest["data_quality"]["notes"] if held in note]


def test_receipts_with_a_price_list_and_a_table_of_items(tmp_path: Path) -> None:
    """Two shops sell two items: receipts in CSV by month, a price of each item by month, and items in Delta."""
    rng = np.random.default_rng(0)
    first = datetime(2025, 7, 28)  # noqa: DTZ001 # a local time
    (tmp_path / "receipts").mkdir()
    count = 8_000
    minute = np.sort(rng.integers(0, 69 * 7, count) * 24 * 60 + rng.integers(8 * 60, 20 * 60, count))
    rows = pl.DataFrame(
        {
            "receipt": np.arange(count),
            "shop": rng.choice(["north", "west"], count),
            "item": rng.choice(["bread", "rolls"], count),
            "sold_at": [first + timedelta(minutes=int(at)) for at in minute],
            "units": rng.integers(1, 4, count),
        }
    )
    for (month,), own in rows.group_by(pl.col("sold_at").dt.strftime("%Y-%m")):
        own.write_csv(tmp_path / "receipts" / f"{month}.csv")
    months = pl.date_range(date(2025, 7, 1), date(2026, 11, 1), "1mo", eager=True)
    prices = [(item, month, 2.0 + at % 3) for item in ("bread", "rolls") for at, month in enumerate(months)]
    pl.DataFrame(prices, schema=["item", "sold_at", "price"], orient="row").write_csv(tmp_path / "prices.csv")
    items = [(shop, item, item[:1], size) for size, shop in enumerate(("north", "west")) for item in ("bread", "rolls")]
    (tmp_path / "warehouse").mkdir()
    table = pl.DataFrame(items, schema=["shop", "item", "category", "size"], orient="row")
    table.write_delta(str(tmp_path / "warehouse/items"))
    given = ("receipts/", "prices.csv", "warehouse/items/", "out")
    arguments = [str(tmp_path / part) if part in given else part for part in command_of("receipts/")]
    ended = start(tmp_path, *arguments, "--set", "n_estimators=20", program="cli.main").end()
    assert ended.code == 0, ended.err
    quality = Finished(tmp_path / "out").manifest["data_quality"]
    assert quality["warnings"] == []
    assert quality["input"] | {"series": 4, "demand_rows": count, "static_columns": 2} == quality["input"]
    assert quality["covariates_missing_in_horizon"] == {"price": 0.0}
    assert quality["covariates_not_used"] == []
    assert quality["ignored_columns"] == ["demand: receipt"]


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("name", "write", "periods"), [("sales/", sales, "W-MON"), ("warehouse/demand/", delta, "W-MON")]
)
def test_the_local_cloud_reads_the_same_feed(
    tmp_path: Path, name: str, write: Callable[[Path], None], periods: str
) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    pairs = [part for part in command_of(name) if "=" in part]
    settings = [part for pair in [*pairs, "n_estimators=10"] for part in ("--set", pair)]
    shown, _ = (process := rehearse(tmp_path, "--demand", str(path), *settings)).communicate(timeout=400)
    assert process.returncode == 0, shown
    assert f"x 12 periods of {periods}" in shown
