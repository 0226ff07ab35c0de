"""Plain MLForecast forecasts every series of the demand over the whole horizon."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.generator.generate import main as generate
from benchmarks.plain_mlforecast import KEY, OUTPUT, VARIANTS, WEEKS, day_of_year, main, plain_forecaster, read
from benchmarks.speed.demand_sets import hold_out
from benchmarks.speed.scores import score, seasonal_naive
from job_code.config import ForecastConfig
from job_code.features.feature_recipe import recipe_for
from job_code.features.season_features import NEAR
from job_code.model.segment_model import COLSAMPLE_BYTREE, MAX_BIN
from job_code.model.tree_size import USUAL

HORIZON = ForecastConfig().horizon
pytestmark = pytest.mark.usefixtures("one_core")


@pytest.fixture(scope="module")
def demand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demand")
    generate(["--series", "200", "--weeks", "110", "--output", str(folder)])
    return folder / "demand"


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_series_and_week_is_forecast_better_than_by_seasonal_naive(
    demand: Path, tmp_path: Path, variant: str
) -> None:
    held_out = hold_out(demand, HORIZON, tmp_path / "past")
    main(["--demand", str(held_out.past), "--output", str(tmp_path / "out"), "--variant", variant])
    forecasts = pl.read_parquet(tmp_path / "out" / OUTPUT)
    models = ["mean", *(ForecastConfig().quantile_columns if variant == "quantiles" else ())]
    numbers = dict.fromkeys(models, pl.Float32)
    assert forecasts.schema == {**dict.fromkeys(KEY, pl.String), "ds": pl.Date, **numbers}
    assert forecasts.select(*KEY, "ds").equals(held_out.cells)
    for name in models:
        assert (forecasts[name].is_finite() & (forecasts[name] >= 0)).all()
    naive = score(seasonal_naive(held_out.past, held_out.cells), held_out.rows)
    assert score(forecasts, held_out.rows).rmse < naive.rmse


def test_discontinued_series_are_forecast_as_zero(demand: Path, tmp_path: Path) -> None:
    rows = pl.read_parquet(demand / "*.parquet")
    ended = rows.group_by(KEY).agg(pl.col("ds").max()).filter(pl.col("ds") < rows["ds"].max())
    main(["--demand", str(demand), "--output", str(tmp_path / "out")])
    forecasts = pl.read_parquet(tmp_path / "out" / OUTPUT)
    assert ended.height > 0
    assert forecasts.join(ended, on=KEY, how="semi")["mean"].unique().to_list() == [0.0]
    assert forecasts["mean"].sum() > 0


def test_uses_the_features_and_trees_of_the_job(demand: Path) -> None:
    config, recipe = ForecastConfig(), recipe_for(WEEKS)
    _, rows = read(demand)
    assert rows.schema == {"unique_id": pl.UInt32, "ds": pl.Int32, "y": pl.Float32}
    forecaster = plain_forecaster("change", config)
    known = set(forecaster.ts.transforms)
    assert set(recipe.names) < known
    assert known >= {f"lag{recipe.year + offset}" for offset in NEAR}
    assert forecaster.ts.date_features == [day_of_year]
    trees = forecaster.models["mean"].get_params()
    assert (trees["max_bin"], trees["colsample_bytree"]) == (MAX_BIN, COLSAMPLE_BYTREE)
    assert (trees["n_estimators"], trees["num_leaves"], trees["learning_rate"], trees["min_child_samples"]) == (
        USUAL.n_estimators,
        USUAL.num_leaves,
        config.learning_rate,
        config.min_child_samples,
    )
