"""The whole job in one process: its output keeps the contract, for ordinary and unusual demand."""

import hashlib
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from contract.s3.manifest import BacktestMetrics
from job_code.demand.work_sizes import WorkSizes
from job_code.errors import InputError
from job_code.series.frequency import Frequency
from tests.demand import LAST, Finished, day_of, run_job, series, shop

VARIED = pl.concat(
    [
        shop(8, 120, noise=0.4),
        series(
            {
                "new": [12.0, 15.0, 11.0],
                "once": [4.0],
                "stopped": [20.0] * 60 + [None] * 56,
                "zero": [0.0] * 80,
                "sparse": ([0.0] * 6 + [3.0]) * 14,
                "gaps": [9.0, None, 8.0, None, None, 7.0] * 12 + [8.0],
                "negative": [5.0, -4.0, 6.0] * 20,
            }
        ),
    ]
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run_job(tmp_path_factory.mktemp("run"), VARIED, quantiles="0.05,0.5,0.95")


def periods_of(finished: Finished) -> list[date]:
    frequency = Frequency(finished.manifest["frequency"])
    first = frequency.period_of(date.fromisoformat(finished.manifest["first_period"]))
    return [day_of(frequency, first + at) for at in range(finished.manifest["horizon"])]


def check_contract(finished: Finished) -> None:
    manifest, forecasts = finished.manifest, finished.forecasts
    assert forecasts.columns == manifest["columns"]
    assert forecasts.height == manifest["rows"] == manifest["series"] * manifest["horizon"]
    assert [file["name"] for file in manifest["files"]] == list(finished.parts)
    for file in manifest["files"]:
        content = finished.parts[file["name"]]
        assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    keys = list(manifest["configuration"]["key"])
    assert forecasts.select(*keys, "ds").is_unique().all()
    values = forecasts.drop(*keys, "ds")
    assert set(values.dtypes) == {pl.Float32}
    assert values.to_numpy().dtype == np.float32
    assert np.isfinite(values.to_numpy()).all()
    quantiles = values.drop("mean").to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    if manifest["configuration"]["negative_rule"] != "keep":
        assert (values.to_numpy() >= 0).all()


def test_the_contract_is_kept(finished: Finished) -> None:
    check_contract(finished)
    manifest = finished.manifest
    assert manifest["cutoff"] == LAST.isoformat()
    assert manifest["frequency"] == "W-MON"
    assert manifest["first_period"] == "2026-11-23"
    assert manifest["last_period"] == "2026-12-14"
    assert manifest["series"] == VARIED["unique_id"].n_unique()
    for key in VARIED["unique_id"].unique():
        assert finished.of(key)["ds"].dt.date().to_list() == periods_of(finished)
    assert list(manifest) == [
        "schema_version",
        "run_id",
        "partition",
        "cutoff",
        "frequency",
        "horizon",
        "first_period",
        "last_period",
        "series",
        "columns",
        "column_types",
        "report",
        "data_quality",
        "configuration",
        "model",
        "metrics",
        "backtest",
        "sample",
        "versions",
        "input",
        "rows",
        "files",
        "total",
        "created_at",
        "inference",
        "compared_with",
        "seconds",
    ]
    assert (finished.folder / manifest["report"]).is_file()
    assert manifest["metrics"].keys() == BacktestMetrics.__required_keys__ | BacktestMetrics.__optional_keys__
    assert set(manifest["seconds"]) >= {"read", "check", "sample", "backtest", "fit", "predict"}


def test_repairs_are_counted(finished: Finished) -> None:
    quality = finished.quality
    assert quality["status"] == "sound"
    assert quality["repairs"]["gaps_filled"] == 36
    assert quality["repairs"]["series_with_gaps"] == 1
    assert quality["repairs"]["ended_series"] == 1
    assert quality["repairs"]["negative_values"] == VARIED.filter(pl.col("y") < 0).height
    assert quality["series"]["discontinued"] == 2
    assert quality == {"status": "sound", "problems": [], **finished.manifest["data_quality"]}


def test_unusual_series_have_plausible_forecasts(finished: Finished) -> None:
    for key in ("zero", "stopped"):
        assert not finished.of(key).select("mean", "q5", "q50", "q95").to_numpy().any()
    new = finished.of("new")
    assert new["mean"].is_between(4, 40).all()
    assert (new["q95"] > new["q5"]).all()
    assert finished.of("once")["mean"].is_between(1, 16).all()
    assert (finished.of("sparse")["mean"] < 3).all()


def test_a_rerun_makes_identical_files(finished: Finished, tmp_path: Path) -> None:
    assert run_job(tmp_path, VARIED, quantiles="0.05,0.5,0.95").parts == finished.parts


def test_files_and_row_order_do_not_matter(finished: Finished, tmp_path: Path) -> None:
    shuffled = VARIED.sample(fraction=1, shuffle=True, seed=1)
    cut = [0, 100, 101, 700, shuffled.height]
    files: dict[str, pl.DataFrame | bytes] = {
        f"{name}/part.parquet": shuffled[begin:end] for name, begin, end in zip("dacb", cut[:-1], cut[1:], strict=True)
    }
    files["d/empty.parquet"] = shuffled[:0]
    files["b/part.csv"] = VARIED[:0]
    assert run_job(tmp_path / "files", files, quantiles="0.05,0.5,0.95").parts == finished.parts
    as_csv = run_job(tmp_path / "csv", {"all.csv": shuffled}, quantiles="0.05,0.5,0.95")
    assert as_csv.parts == finished.parts


def test_the_manifest_has_the_seed(finished: Finished) -> None:
    assert finished.manifest["configuration"]["seed"] == 0


def test_a_past_cutoff_hides_later_demand(tmp_path: Path) -> None:
    cutoff = date(2026, 6, 1)
    late = pl.concat([VARIED, series({"later": [90.0] * 10})])
    description = pl.DataFrame({"unique_id": late["unique_id"].unique().sort()}).with_row_index("number")
    static = {"s.parquet": description.with_columns(brand=pl.col("unique_id").str.slice(0, 1))}
    past = run_job(tmp_path / "past", late, static=dict(static), cutoff=cutoff)
    truncated = run_job(tmp_path / "cut", late.filter(pl.col("ds") <= cutoff), static=dict(static))
    assert past.parts == truncated.parts
    assert past.manifest["metrics"] == truncated.manifest["metrics"]
    assert past.manifest["cutoff"] == "2026-06-01"
    assert past.quality["repairs"]["series_after_cutoff"] == 3  # later, new, once
    assert past.quality["input"]["series_without_static_row"] == 0
    assert past.quality["repairs"]["rows_after_cutoff"] > 0


def test_the_cutoff_rule_series_forecasts_each_series_from_its_own_end(tmp_path: Path) -> None:
    demand = pl.concat([shop(4, 40), series({"early": [5.0] * 30}, last=date(2026, 9, 7))])
    finished = run_job(tmp_path, demand, cutoff_rule="series")
    check_contract(finished)
    assert finished.of("early")["ds"][0] == date(2026, 9, 14)
    assert finished.of("A000")["ds"][0] == date(2026, 11, 23)
    assert finished.of("early")["mean"].is_between(3, 8).all()


def test_the_negative_rule_keep_keeps_negative_demand(tmp_path: Path) -> None:
    below = shop(4, 60).with_columns(pl.col("y") - 200)
    finished = run_job(tmp_path / "keep", below, negative_rule="keep")
    check_contract(finished)
    assert (finished.forecasts["mean"] < -50).all()
    assert run_job(tmp_path / "clip", below).forecasts["q90"].max() == 0


@pytest.mark.parametrize(
    ("demand", "settings"),
    [
        (series({"A": [5.0]}), {"frequency": "W-MON"}),
        (series({"A": [5.0, 6.0]}), {}),
        (series({f"S{at}": [float(at)] for at in range(40)}), {"frequency": "W"}),
        (series({f"S{at}": [float(at), 3.0] for at in range(40)}), {}),
        (shop(1, 150), {}),
        (shop(10, 20), {}),
        (series({"A": [0.0] * 60, "B": [0.0] * 5}), {}),
        (shop(3, 400, frequency="D"), {"horizon": 28}),
        (shop(3, 48, frequency="MS"), {"horizon": 12}),
        (shop(3, 48, frequency="ME"), {"horizon": 24}),
        (shop(2, 40), {"horizon": 120}),
        (shop(3, 60), {"history": 1}),
        (shop(3, 60), {"history": 30}),
        (shop(3, 60), {"quantiles": "0.5"}),
        (shop(3, 60), {"quantiles": "0.001,0.025,0.5,0.999"}),
        (shop(3, 60).with_columns(pl.col("y") * 1e20), {}),
        (shop(3, 60).with_columns(pl.col("y") * 1e-20), {}),
        (shop(3, 60).with_columns(pl.lit(7.0).alias("y")), {}),
    ],
)
def test_demand_of_every_shape_is_forecast(tmp_path: Path, demand: pl.DataFrame, settings: dict[str, Any]) -> None:
    finished = run_job(tmp_path, demand, **settings)
    check_contract(finished)
    assert finished.manifest["series"] == demand["unique_id"].n_unique()
    assert "NaN" not in (finished.forecast_folder / "_manifest.json").read_text()


def test_composite_keys_keep_their_types(tmp_path: Path) -> None:
    demand = shop(6, 30).with_columns(
        article=pl.col("unique_id").str.slice(1).cast(pl.Int32) // 2,
        merchant=pl.when(pl.col("unique_id").str.slice(3).cast(pl.Int32) % 2 == 0)
        .then(pl.lit("北"))
        .otherwise(pl.lit("00")),
    )
    finished = run_job(
        tmp_path, demand.rename({"ds": "week", "y": "units"}), key="article,merchant", time="week", target="units"
    )
    check_contract(finished)
    assert finished.forecasts.schema["article"] == pl.Int32
    assert finished.forecasts.select("article", "merchant").unique().sort("article", "merchant").rows() == [
        (article, merchant) for article in range(3) for merchant in ("00", "北")
    ]
    assert finished.quality["ignored_columns"] == ["demand: unique_id"]


def test_many_files_contain_every_series_once(tmp_path: Path) -> None:
    whole = run_job(tmp_path / "one", VARIED)
    split = run_job(tmp_path / "many", VARIED, sizes=WorkSizes(rows_per_shard=400, values_per_chunk=200))
    check_contract(split)
    assert list(split.parts) == [f"part-{number:05d}.parquet" for number in range(len(split.parts))]
    assert len(split.parts) > 5
    assert split.forecasts.sort("unique_id", "ds").equals(whole.forecasts)


def test_an_input_error_writes_only_the_data_quality_report(tmp_path: Path) -> None:
    duplicated = pl.concat([VARIED, VARIED[:3]])
    static = {"a.parquet": pl.DataFrame({"unique_id": ["x", "x"], "size": [1, 2]})}
    with pytest.raises(InputError) as error:
        run_job(tmp_path, duplicated, static=dict(static), cutoff="2030-01-07")
    assert [problem.split(":")[0] for problem in error.value.problems] == ["demand", "static", "cutoff", "static"]
    left = [path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert left == ["reports/partition=all/run_id=the-run/data_quality.json"]
    assert Finished(tmp_path / "out").quality == {"status": "input error", "problems": list(error.value.problems)}


def test_the_metrics_in_the_state_data_do_not_grow_with_the_horizon(finished: Finished) -> None:
    manifest = finished.manifest
    assert len(json.dumps(manifest["metrics"])) < 4_000
    assert [each["step"] for each in manifest["backtest"]["by_step"]] == list(
        range(1, manifest["metrics"]["backtest_periods"] + 1)
    )
    assert {each["by"] for each in manifest["backtest"]["by_group"]} >= {"class", "demand class"}


@pytest.mark.parametrize(
    ("frequency", "zone", "first", "dtype"),
    [
        ("h", None, "2026-11-17T00:00", pl.Datetime("us")),
        ("h", "Europe/Berlin", "2026-11-16T23:00Z", pl.Datetime("us", "Europe/Berlin")),
        ("B", None, "2026-11-17", pl.Date()),
        ("QS-JAN", None, "2027-01-01", pl.Date()),
    ],
)
def test_every_calendar_is_forecast(
    tmp_path: Path, frequency: str, zone: str | None, first: str, dtype: pl.DataType
) -> None:
    """The hours cross the change of the clocks in October, on which a day has 25 hours."""
    at = {"h": datetime(2026, 11, 16, 23), "QS-JAN": date(2026, 10, 1)}.get(frequency, LAST)  # noqa: DTZ001 (local)
    count = {"h": 800, "B": 700}.get(frequency, 40)
    values = {f"S{key}": [20 + key + 5 * np.sin(each / 3) for each in range(count)] for key in range(8)}
    demand = series(values, frequency=frequency, last=at)
    if zone is not None:
        utc = pl.col("ds").dt.offset_by("-1h").dt.replace_time_zone("UTC")
        demand = demand.with_columns(utc.dt.convert_time_zone(zone))
    settings: dict[str, Any] = {"time_zone": zone, "frequency": frequency} if zone else {}
    finished = run_job(tmp_path, demand, **settings)
    check_contract(finished)
    manifest = finished.manifest
    assert (manifest["frequency"], manifest["first_period"], manifest["series"]) == (frequency, first, 8)
    assert finished.forecasts.schema["ds"] == dtype
    assert manifest["data_quality"]["repairs"]["gaps_filled"] == 0
    ahead = finished.of("S1")["ds"]
    assert ahead.is_sorted()
    assert ahead.n_unique() == manifest["horizon"] == len(manifest["total"])
