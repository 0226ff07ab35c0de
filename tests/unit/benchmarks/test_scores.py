"""Scores compared with explicit formulas."""

import math
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks.generator.generate import main as generate
from benchmarks.plain_mlforecast import KEY
from benchmarks.speed.demand_sets import HeldOut, describe, hold_out
from benchmarks.speed.scores import score, seasonal_naive

HORIZON = 12
LEVELS = (0.1, 0.5, 0.9)


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demand")
    generate(["--series", "400", "--weeks", "90", "--output", str(folder / "made")])
    return folder / "made/demand"


@pytest.fixture
def held_out(demand: Path, tmp_path: Path) -> HeldOut:
    return hold_out(demand, HORIZON, tmp_path / "past")


def in_rows(demand: Path) -> dict[tuple[str, str, date], int]:
    rows = pl.read_parquet(demand / "*.parquet")
    return {(article, merchant, ds): y for article, merchant, ds, y in rows.select(*KEY, "ds", "y").iter_rows()}


def test_the_last_weeks_are_held_out_and_the_rest_is_linked(demand: Path, held_out: HeldOut) -> None:
    files = sorted(path.name for path in demand.iterdir())
    assert sorted(path.name for path in held_out.past.iterdir()) == files[:-HORIZON]
    weeks = [date.fromisoformat(name.removesuffix(".parquet")) for name in files[-HORIZON:]]
    assert held_out.cells["ds"].unique().sort().to_list() == weeks
    assert held_out.rows["ds"].unique().sort().to_list() == weeks
    keys = pl.read_parquet(held_out.past / "*.parquet").select(KEY).unique().sort(KEY)
    assert held_out.cells.select(KEY).unique().sort(KEY).equals(keys)
    assert held_out.series == keys.height
    assert held_out.cells.height == keys.height * HORIZON
    assert describe(held_out.past).rows == pl.read_parquet(held_out.past / "*.parquet").height
    assert next(held_out.past.iterdir()).stat().st_nlink == 2


def test_seasonal_naive_repeats_the_last_year(held_out: HeldOut) -> None:
    sold, cutoff = in_rows(held_out.past), max(held_out.past.iterdir()).stem
    first: dict[tuple[str, str], date] = {}
    for article, merchant, ds in sold:
        first[article, merchant] = min(ds, first.get((article, merchant), ds))
    for article, merchant, ds, mean in seasonal_naive(held_out.past, held_out.cells).iter_rows():
        source = ds - timedelta(weeks=52)
        if first[article, merchant] > source:  # the series started later
            source = date.fromisoformat(cutoff)
        assert mean == sold.get((article, merchant, source), 0)


def test_scores_match_their_formulas(demand: Path, held_out: HeldOut) -> None:
    index = pl.int_range(pl.len())
    forecasts = held_out.cells.with_columns(
        pl.col("ds").cast(pl.Datetime("ms")),
        mean=(index % 7 * 0.75).cast(pl.Float32),
        q10=(index % 3 * 0.25 + 0.1).cast(pl.Float32),
        q50=(index % 3 * 0.5 + 0.1).cast(pl.Float32),
        q90=(index % 5 * 1.5 + 1.1).cast(pl.Float32),
    )
    scores = score(forecasts.sample(fraction=1.0, shuffle=True, seed=1), held_out.rows, LEVELS)
    sold = in_rows(demand)
    absolute = squared = total = pinball = 0.0
    covered = 0
    for article, merchant, ds, mean, *quantiles in forecasts.iter_rows():
        actual = sold.get((article, merchant, ds.date()), 0)
        total += actual
        absolute += abs(mean - actual)
        squared += (mean - actual) ** 2
        covered += quantiles[0] <= actual <= quantiles[2]
        for level, quantile in zip(LEVELS, quantiles, strict=True):
            pinball += 2 * (level * (actual - quantile) if actual > quantile else (1 - level) * (quantile - actual))
    assert scores.wape == pytest.approx(absolute / total)
    assert scores.rmse == pytest.approx(math.sqrt(squared / forecasts.height))
    assert scores.wql == pytest.approx(pinball / len(LEVELS) / total)
    assert scores.coverage == pytest.approx(covered / forecasts.height)


def test_a_perfect_forecast_has_no_error_and_without_quantiles_only_the_mean_is_scored(held_out: HeldOut) -> None:
    perfect = held_out.cells.join(held_out.rows, on=[*KEY, "ds"], how="left").select(
        *KEY, "ds", pl.col("y").fill_null(0).alias("mean")
    )
    scores = score(perfect, held_out.rows)
    assert (scores.wape, scores.rmse, scores.wql, scores.coverage) == (0, 0, None, None)
