"""Stockouts are missing demand: they are imputed and do not count in training and scores."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.demand.stockouts import MIN_IN_STOCK_SHARE, PERIODS_IN_MEAN, impute_stockouts
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from tests.demand import configured, panel_of, run_job, sample_of, series
from tests.fitted import backtested


def panel_with(values: list[list[float]]) -> Panel:
    lengths = np.array([len(each) for each in values])
    return Panel(
        keys=pl.DataFrame({"unique_id": [f"S{at:03d}" for at in range(len(values))]}),
        frequency=Frequency("W-MON"),
        first_period=np.zeros(len(values), dtype=np.int64),
        lengths=lengths,
        values=np.concatenate(values),
        observed=np.ones(int(lengths.sum()), dtype=bool),
    )


def reference(values: np.ndarray, share: np.ndarray) -> list[float]:
    on = [at for at in range(len(values)) if share[at] >= MIN_IN_STOCK_SHARE]
    full = {at: values[at] / share[at] for at in on}
    found = []
    for at, sold in enumerate(values):
        if at in full:
            found.append(full[at])
            continue
        known = [each for each in on if each < at][-PERIODS_IN_MEAN:] or [each for each in on if each > at][
            :PERIODS_IN_MEAN
        ]
        found.append(max(sold, np.mean([full[each] for each in known]) if known else 0.0))
    is_whole = all(value == round(value) for value in values)
    return [round(each) if is_whole and share[at] < 1 else each for at, each in enumerate(found)]


def test_estimates_equal_a_simple_reference() -> None:
    random = np.random.default_rng(0)
    values = [random.gamma(2, 3, int(length)) for length in random.integers(1, 40, 60)]
    values = [np.round(each) if at % 2 else each for at, each in enumerate(values)]
    share = [random.choice([0.0, 0.3, 0.5, 0.8, 1.0], len(each), p=[0.2, 0.1, 0.1, 0.1, 0.5]) for each in values]
    share[3][:], share[4][:5] = 0.0, 0.0
    panel = panel_with([each.tolist() for each in values])
    off = impute_stockouts(panel, np.concatenate(share))
    expected = [reference(each, own) for each, own in zip(values, share, strict=True)]
    assert panel.values.tolist() == pytest.approx(np.concatenate(expected).tolist())
    assert off.tolist() == (np.concatenate(share) < MIN_IN_STOCK_SHARE).tolist()


def test_periods_wholly_in_stock_are_unchanged() -> None:
    panel = panel_with([[1.0, 2.5], [3.0]])
    assert not impute_stockouts(panel, np.ones(3)).any()
    assert panel.values.tolist() == [1.0, 2.5, 3.0]


def shelves(*, with_share: bool) -> pl.DataFrame:
    """Return demand of twenty articles that sell 20 a week and are out of stock in the last weeks."""
    random = np.random.default_rng(0)
    sold = {f"A{at:02d}": random.poisson(20, 100).astype(float) for at in range(20)}
    for each in sold.values():
        each[88:] = 0.0
    demand = series({name: each.tolist() for name, each in sold.items()})
    on_shelf = pl.when(pl.int_range(pl.len()).over("unique_id") >= 88).then(0.0).otherwise(1.0)
    return demand.with_columns(on_shelf=on_shelf) if with_share else demand


def test_a_stockout_does_not_lower_the_forecast(tmp_path: Path) -> None:
    imputed = run_job(tmp_path / "imputed", shelves(with_share=True), in_stock_column="on_shelf")
    assert imputed.forecasts["mean"].to_numpy() == pytest.approx(np.full(80, 20.0), rel=0.25)
    assert imputed.quality["repairs"]["periods_out_of_stock"] == 12 * 20
    without = run_job(tmp_path / "without", shelves(with_share=False))
    assert without.forecasts["mean"].mean() < 5  # type: ignore[operator]
    ignored = run_job(tmp_path / "ignored", shelves(with_share=True))
    assert ignored.quality["ignored_columns"] == ["demand: on_shelf"]


def test_out_of_stock_periods_are_not_scored(tmp_path: Path) -> None:
    sample = sample_of(tmp_path, shelves(with_share=True), in_stock_column="on_shelf")
    config = configured(in_stock_column="on_shelf", horizon=12)
    tested = backtested(sample, config)
    assert tested
    emptied = sample.panel.last_period[0] - 12
    assert (tested.weight[tested.period > emptied] == 0).all()
    assert (tested.weight[tested.period <= emptied] > 0).all()


def test_a_row_without_a_value_can_have_an_in_stock_share(tmp_path: Path) -> None:
    demand = series({"a": [4.0, 6.0] * 10, "b": [1.0] * 20})
    last = demand.with_columns(
        y=pl.when(pl.int_range(pl.len()) == 19).then(None).otherwise(pl.col("y")),
        share=pl.when(pl.int_range(pl.len()) == 19).then(pl.lit("0.25")).otherwise(None),
    )
    panel, repairs = panel_of(tmp_path, last, in_stock_column="share")
    assert panel.values[19] == 5.0
    assert not panel.observed[19]
    assert repairs.periods_out_of_stock == 1
    assert repairs.periods_partly_out_of_stock == 0


def test_a_series_out_of_stock_for_a_year_is_discontinued(tmp_path: Path) -> None:
    off = pl.when(pl.int_range(pl.len()).over("unique_id") >= 60).then(0.0).otherwise(1.0)
    demand = series({"a": [20.0] * 60 + [0.0] * 60, "b": [5.0] * 120}).with_columns(
        on_shelf=pl.when(pl.col("unique_id") == "a").then(off).otherwise(1.0)
    )
    finished = run_job(tmp_path, demand, in_stock_column="on_shelf")
    assert not finished.of("a").select("mean", "q90").to_numpy().any()
    assert finished.quality["series"]["discontinued"] == 1


def test_estimates_do_not_narrow_the_prediction_interval(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = {f"A{at:02d}": random.poisson(20, 120).astype(float).tolist() for at in range(40)}
    off = (pl.col("unique_id") == "A00") & (pl.int_range(pl.len()).over("unique_id") >= 94)
    demand = series(values).with_columns(on_shelf=pl.when(off).then(0.0).otherwise(1.0))
    forecasts = run_job(tmp_path, demand, in_stock_column="on_shelf", n_estimators=50).forecasts
    width = forecasts.group_by("unique_id").agg(width=(pl.col("q90") - pl.col("q10")).mean())
    (own,) = width.filter(pl.col("unique_id") == "A00")["width"]
    others = width["width"].median()
    assert 0.75 * others < own < 1.5 * others  # type: ignore[operator]


@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_a_share_can_be_a_boolean_or_missing(tmp_path: Path, unknown: float | None) -> None:
    rows = series({"a": [4.0, 6.0] * 10, "b": [1.0] * 20})
    flagged = rows.with_columns(on_shelf=pl.int_range(pl.len()) != 19)
    panel, repairs = panel_of(tmp_path / "flag", flagged, in_stock_column="on_shelf")
    assert repairs.periods_out_of_stock == 1
    share = pl.when(pl.int_range(pl.len()) == 19).then(0.0).otherwise(unknown)
    again, _ = panel_of(tmp_path / "share", rows.with_columns(on_shelf=share), in_stock_column="on_shelf")
    assert again.values.tolist() == panel.values.tolist()


def test_an_invalid_share_is_rejected(tmp_path: Path) -> None:
    demand = shelves(with_share=True).with_columns(
        on_shelf=pl.when(pl.int_range(pl.len()) < 3).then(pl.lit(1.5)).otherwise(pl.col("on_shelf"))
    )
    with pytest.raises(InputError) as error:
        run_job(tmp_path, demand, in_stock_column="on_shelf")
    (message,) = error.value.problems
    assert message.startswith(
        "demand: 3 rows with something other than a share from 0 to 1 in on_shelf, e.g. 1.5 in row 1 of demand.parquet"
    )
