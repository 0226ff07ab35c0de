"""The model uses covariates from files of any key, type and order, and all problems of the files are reported."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from job_code.errors import InputError
from job_code.model import direct_model, tree_predictor
from tests.demand import LAST, ONE, Finished, run_job, series

WEEKS, AHEAD = 130, 4
SMALL = WorkSizes(rows_per_batch=300, rows_per_shard=700, values_per_chunk=400, rows_worth_a_worker=200)


def days(count: int = WEEKS + AHEAD) -> list[date]:
    """Return the weeks of the demand and of the horizon."""
    return [LAST + timedelta(weeks=at - WEEKS + 1) for at in range(count)]


def promoted() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return demand that triples in random promotion weeks, and the promotions including the horizon."""
    random = np.random.default_rng(0)
    promotion = (random.random((12, WEEKS + AHEAD)) < 0.15).astype(float)
    promotion[:, WEEKS:] = 0
    promotion[:6, WEEKS + 1] = 1
    keys = [f"A{at:02d}" for at in range(12)]
    demand = series(
        {
            key: (10.0 * (1 + 2 * promotion[at, :WEEKS]) * (1 + 0.05 * random.standard_normal(WEEKS))).tolist()
            for at, key in enumerate(keys)
        }
    )
    known = pl.concat(
        pl.DataFrame({"unique_id": key, "ds": days(), "promotion": promotion[at]}) for at, key in enumerate(keys)
    )
    return demand, known


def forecast(finished: Finished) -> np.ndarray:
    return finished.forecasts.sort("unique_id", "ds")["q50"].to_numpy().reshape(-1, AHEAD)


def run(
    tmp_path: Path,
    demand: pl.DataFrame,
    covariates: Mapping[str, pl.DataFrame | bytes],
    *,
    sizes: WorkSizes = ONE,
    **settings: object,
) -> Finished:
    every = {"horizon": AHEAD, "n_estimators": 60, **settings}
    return run_job(tmp_path, demand, covariates=covariates, sizes=sizes, **every)  # type: ignore[arg-type]


def problems(tmp_path: Path, covariates: Mapping[str, pl.DataFrame | bytes]) -> list[str]:
    demand, _ = promoted()
    with pytest.raises(InputError) as error:
        run_job(tmp_path, demand, covariates=covariates, horizon=AHEAD)
    return list(error.value.problems)


def test_the_forecast_uses_covariates_of_the_horizon(tmp_path: Path) -> None:
    demand, known = promoted()
    forecasts = forecast(run(tmp_path, demand, {"promotions.parquet": known}))
    assert (forecasts[:6, 1] > 22).all()
    assert (forecasts[6:, 1] < 15).all()
    assert (forecasts[:, [0, 2, 3]] < 15).all()


def test_files_shards_types_and_order_change_nothing(tmp_path: Path) -> None:
    demand, known = promoted()
    known = known.with_columns(what=pl.when(pl.col("promotion") == 1).then(pl.lit("cut")).otherwise(pl.lit("none")))
    whole = run(tmp_path / "whole", demand, {"promotions.parquet": known})
    mixed = known.sample(fraction=1, shuffle=True, seed=1)
    parts = {
        "b/a.csv": mixed[:500],
        "b/b.csv": mixed[500:900].with_columns(pl.col("promotion").cast(pl.Int8)),
        "c.csv": mixed[900:],
    }
    spread = run(tmp_path / "spread", demand, parts, sizes=SMALL)
    assert forecast(spread).tolist() == forecast(whole).tolist()


def test_blocks_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demand, known = promoted()
    partly = known.filter(pl.col("ds").le(LAST) | pl.col("unique_id").lt("A08"))  # a third is missing, and masked
    whole = run(tmp_path / "whole", demand, {"promotions.parquet": partly})
    monkeypatch.setattr(direct_model, "SERIES_AT_A_TIME", 5)
    monkeypatch.setattr(direct_model, "ROWS_AT_A_TIME", 8)
    monkeypatch.setattr(tree_predictor, "BLOCK", 6)
    blocks = run(tmp_path / "blocks", demand, {"promotions.parquet": partly})
    assert forecast(blocks).tolist() == forecast(whole).tolist()
    assert blocks.manifest["metrics"] == whole.manifest["metrics"]


@pytest.mark.parametrize("key", [("shop",), ()])
def test_a_table_with_a_shorter_key_applies_to_all_its_series(tmp_path: Path, key: tuple[str, ...]) -> None:
    demand, known = promoted()
    demand = demand.with_columns(shop=pl.lit("north"))
    holidays = known.filter(pl.col("unique_id") == "A00").select("ds", "promotion").with_columns(shop=pl.lit("north"))
    factor = 1 + 2 * pl.col("promotion")
    demand = demand.join(holidays.select("ds", "promotion"), on="ds").with_columns(y=10 * factor).drop("promotion")
    finished = run(
        tmp_path,
        demand,
        {"all.parquet": holidays.select(*key, "ds", "promotion")},
        key="unique_id,shop",
        sizes=SMALL,
    )
    forecasts = forecast(finished)
    assert (forecasts[:, 1] > 22).all()
    assert (forecasts[:, [0, 2, 3]] < 15).all()


def test_text_is_a_category_and_numbers_as_text_are_numbers(tmp_path: Path) -> None:
    demand, known = promoted()
    named = known.with_columns(
        what=pl.when(pl.col("promotion") == 1).then(pl.lit("price cut")).otherwise(pl.lit("nothing")),
        code=pl.col("promotion").cast(pl.Int8).cast(pl.String),
    ).drop("promotion")
    by_text = forecast(run(tmp_path / "text", demand, {"a.parquet": named.drop("code")}))
    assert (by_text[:6, 1] > 22).all()
    by_code = forecast(run(tmp_path / "code", demand, {"a.csv": named.drop("what")}))
    assert (by_code[:6, 1] > 22).all()


def priced() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return demand of 10 a week, or 30 if the price is 7 instead of 10. In the horizon the price is 10."""
    random = np.random.default_rng(1)
    price = np.where(random.random((30, WEEKS + AHEAD)) < 0.2, 7.0, 10.0)
    price[:, WEEKS:] = 10.0
    keys = [f"A{at:02d}" for at in range(30)]
    sold = np.where(price == 7, 30.0, 10.0)[:, :WEEKS] + random.normal(0, 0.3, (30, WEEKS))
    known = [pl.DataFrame({"unique_id": key, "ds": days(), "price": price[at]}) for at, key in enumerate(keys)]
    return series({key: sold[at].tolist() for at, key in enumerate(keys)}), pl.concat(known)


def test_a_missing_future_price_does_not_count_as_zero(tmp_path: Path) -> None:
    demand, known = priced()
    for weeks in (3, 4):
        partly = known.filter(pl.col("ds") <= LAST + timedelta(weeks=weeks))
        finished = run(tmp_path / str(weeks), demand, {"a.parquet": partly})
        assert forecast(finished) == pytest.approx(np.full((30, AHEAD), 10.0), abs=5)
        assert finished.quality["covariates_missing_in_horizon"] == {"price": (4 - weeks) / 4}
    some = known.filter((pl.col("unique_id") != "A00") | (pl.col("ds") <= LAST))
    finished = run(tmp_path / "some", demand, {"a.parquet": some})
    assert forecast(finished)[0] == pytest.approx(np.full(AHEAD, 10.0), abs=5)


def test_the_report_shows_the_missing_share(tmp_path: Path) -> None:
    demand, known = priced()
    finished = run(tmp_path, demand, {"a.parquet": known.filter(pl.col("ds") <= LAST + timedelta(weeks=3))})
    assert "price (missing for 25.0% of the periods to forecast)" in finished.report


def test_a_past_only_column_is_ignored(tmp_path: Path) -> None:
    """Revenue reveals demand but is known only afterwards. With it, the backtest would be too good."""
    random = np.random.default_rng(0)
    values = {f"A{at:02d}": random.gamma(2, 8, WEEKS).tolist() for at in range(30)}
    demand = series(values)
    revenue = demand.select("unique_id", "ds", revenue=2 * pl.col("y"))
    with_revenue = run(tmp_path / "with", demand, {"a.parquet": revenue})
    without = run_job(tmp_path / "without", demand, horizon=AHEAD, n_estimators=60)
    assert forecast(with_revenue).tolist() == forecast(without).tolist()
    assert with_revenue.manifest["metrics"] == without.manifest["metrics"]
    assert with_revenue.quality["ignored_columns"] == [
        "covariates: revenue (missing for 100% of the periods to forecast)"
    ]
    assert with_revenue.quality["warnings"] == [
        "covariates: revenue is missing for 100% of the periods to forecast, so the run does not use it. Upload "
        "planned values, or remove the column"
    ]


@pytest.mark.parametrize("weeks", [8, 2])
def test_a_past_only_column_is_ignored_with_an_earlier_cutoff(tmp_path: Path, weeks: int) -> None:
    random = np.random.default_rng(0)
    demand = series({f"A{at:02d}": random.gamma(2, 8, WEEKS).tolist() for at in range(30)})
    revenue = demand.select("unique_id", "ds", revenue=2 * pl.col("y"))
    cutoff = (LAST - timedelta(weeks=weeks)).isoformat()
    with_revenue = run(tmp_path / "with", demand, {"a.parquet": revenue}, cutoff=cutoff)
    without = run_job(tmp_path / "without", demand, horizon=AHEAD, n_estimators=60, cutoff=cutoff)
    assert forecast(with_revenue).tolist() == forecast(without).tolist()
    assert with_revenue.quality["ignored_columns"] == [
        "covariates: revenue (missing for 100% of the periods to forecast)"
    ]
    later = revenue.filter(pl.col("unique_id") == "A00").with_columns(ds=pl.col("ds") + timedelta(weeks=AHEAD))
    known = pl.concat([revenue, later.filter(pl.col("ds") > LAST)])
    planned = run(tmp_path / "planned", demand, {"a.parquet": known}, cutoff=cutoff)
    assert planned.quality["covariates_not_used"] == ([] if weeks == 8 else planned.quality["covariates_not_used"])


def test_ignored_columns_are_reported(tmp_path: Path) -> None:
    demand, known = promoted()
    known = known.with_columns(
        note="note " + pl.int_range(pl.len()).cast(pl.String),
        day=pl.col("ds"),
        y=pl.lit(1.0),
        unknown=pl.lit(None, pl.Float64),
    )
    finished = run(tmp_path, demand, {"a.parquet": known})
    assert [name for name in finished.quality["ignored_columns"] if name.startswith("covariates")] == [
        "covariates: day (neither number nor text)",
        "covariates: note (text with more than 255 different values)",
        "covariates: unknown (missing for 100% of the periods to forecast)",
    ]
    assert list(finished.quality["covariates_missing_in_horizon"]) == ["promotion", "unknown"]


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    _, known = promoted()
    bad: dict[str, pl.DataFrame | bytes] = {
        "a.parquet": pl.concat([known, known[:3]]),
        "b.parquet": known[:1].with_columns(ds=pl.col("ds") + timedelta(days=1)),
        "c.parquet": known[:2].with_columns(ds=pl.lit(None, pl.Date)),
        "d.parquet": known[:1].with_columns(unique_id=pl.lit(None, pl.String)),
        "e.parquet": b"PAR1\0not at all",
        "f.csv": known.rename({"ds": "week"}),
    }
    messages = "\n".join(problems(tmp_path, bad))
    for part in (
        "covariates: 3 rows with the key and week of another row in the table of promotion, whose key is unique_id, "
        f"e.g. A00 {known['ds'][0]} in row 1 of a.parquet and row {known.height + 1:,} of a.parquet",
        "covariates: 1 row dated off the calendar W-MON of the demand in the table of promotion, whose key is "
        f"unique_id, e.g. A00 {known['ds'][0] + timedelta(days=1)} in row 1 of b.parquet. Date every week",
        "covariates: 2 rows without a readable date in ds, e.g. None in row 1 of c.parquet",
        "covariates: 1 row without a complete key (unique_id)",
        "covariates: 1 file that cannot be read as Parquet, e.g. e.parquet",
        "covariates: 1 file without the column ds, e.g. f.csv",
    ):
        assert part in messages


def test_repeated_rows_with_a_shorter_key_are_found_across_batches(tmp_path: Path) -> None:
    demand, known = promoted()
    demand = demand.with_columns(shop=pl.lit("north"))
    far = known[:1].with_columns(ds=pl.lit(LAST + timedelta(weeks=300)))
    repeated = {"a.parquet": pl.concat([known, known[:1], far, known[:1], far])}
    with pytest.raises(InputError) as error:
        run(tmp_path, demand, repeated, sizes=SMALL, key="unique_id,shop")
    assert error.value.problems[0].startswith(
        "covariates: 3 rows with the key and week of another row in the table of promotion, whose key is unique_id, "
    )
    places = f"A00 {far['ds'][0]} in row {known.height + 2:,} of a.parquet and row {known.height + 4:,} of a.parquet"
    assert places in error.value.problems[0]


def test_repeated_rows_without_a_key_are_found_in_lines_of_csv_files(tmp_path: Path) -> None:
    demand, known = promoted()
    year = known.filter(pl.col("unique_id") == "A00").drop("unique_id")
    off = year[:1].with_columns(pl.col("ds") + timedelta(days=2))
    wrong = {"a.csv": year, "b.csv": pl.concat([off, year[7:8]])}
    with pytest.raises(InputError) as error:
        run(tmp_path, demand, wrong)
    first, second = error.value.problems
    assert f"{year['ds'][7]} in line 9 of a.csv and line 3 of b.csv. Keep" in first
    assert f"which has no key column, e.g. {off['ds'][0]} in line 2 of b.csv. Date" in second


def test_the_number_of_shards_depends_on_the_covariates(tmp_path: Path) -> None:
    demand, known = promoted()
    sparse = demand.filter(pl.col("ds") > LAST - timedelta(weeks=4))
    assert len(run(tmp_path / "few", sparse, {"a.parquet": known[:5]}, sizes=SMALL).parts) == 1
    assert len(run(tmp_path / "many", sparse, {"a.parquet": known}, sizes=SMALL).parts) == 4


def test_files_without_a_column_of_values_are_a_warning(tmp_path: Path) -> None:
    demand, known = promoted()
    files = {
        "a.parquet": known,
        "b.csv": known.select("ds", "unique_id"),
        "c.csv": demand,
        "d.csv": demand.select("ds"),
    }
    quality = run(tmp_path, demand, files, n_estimators=5).quality
    assert quality["warnings"] == [
        "covariates: 3 files not used, because there is no column of values, e.g. b.csv (it has ds, unique_id), c.csv "
        "(it has ds, unique_id, y), d.csv (it has ds). Add the columns of covariates, or remove the file"
    ]


def test_a_column_in_two_tables_is_rejected(tmp_path: Path) -> None:
    _, known = promoted()
    other = known.drop("unique_id").unique("ds")
    (message,) = problems(tmp_path, {"a.parquet": known, "b.parquet": other})
    assert message.startswith("covariates: promotion is in files with different columns")


def test_files_of_a_table_may_have_different_types(tmp_path: Path) -> None:
    demand, known = promoted()
    whole = run(tmp_path / "whole", demand, {"promotions.parquet": known})
    parts = {
        "a.parquet": known[:400].with_columns(pl.col("ds").cast(pl.Datetime("us"))),
        "b.parquet": known[400:800].with_columns(pl.col("promotion") == 1),
        "c.csv": known[800:],
    }
    assert forecast(run(tmp_path / "parts", demand, parts)).tolist() == forecast(whole).tolist()
    nothing = pl.DataFrame({"unique_id": ["A00"], "ds": [LAST - timedelta(weeks=200)], "promotion": [None]})
    with_null = {"a.parquet": known, "b.parquet": nothing}
    assert forecast(run(tmp_path / "null", demand, with_null)).tolist() == forecast(whole).tolist()


def test_a_file_with_late_damage_is_an_input_error(tmp_path: Path) -> None:
    _, known = promoted()
    content = known.write_csv().encode() * 60
    messages = problems(tmp_path, {"a.csv": content + b"A00,2026-11-16,1.0,too,many,columns\n"})
    assert any("has more values than the header: 'A00,2026-11-16,1.0,too,many,columns'" in each for each in messages)


def test_a_column_with_an_internal_name_is_rejected(tmp_path: Path) -> None:
    _, known = promoted()
    (message,) = problems(tmp_path, {"a.parquet": known.rename({"promotion": "_moment"})})
    assert message == "covariates: a column cannot be named _moment. Rename it"


def test_missing_files_are_an_error(tmp_path: Path) -> None:
    (message,) = problems(tmp_path, {"readme.txt": b"x"})
    assert message.startswith("covariates: no table in")
