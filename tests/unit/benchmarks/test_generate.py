"""Demand from the generator: reproducible in both layouts, with the properties of a retailer's demand."""

import subprocess
import sys
import tracemalloc
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from benchmarks.generator import generate as generator
from benchmarks.generator import week_files
from benchmarks.generator.assortment import Assortment
from benchmarks.generator.generate import GeneratorOptions, Summary, generate, main
from job_code.runtime.progress import Progress

LAST = date(2026, 11, 16)
KEY = ["article_id", "merchant_id"]


def write(
    folder: Path, series: int, weeks: int = 156, seed: int = 0, options: GeneratorOptions | None = None
) -> Summary:
    return generate(
        Assortment(series=series, weeks=weeks, last=LAST, seed=seed),
        options or GeneratorOptions(),
        folder,
        progress=Progress(),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def demand(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(path) for path in sorted((folder / "demand").iterdir())])


@pytest.fixture(scope="module")
def three_years(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    folder = tmp_path_factory.mktemp("three_years")
    return folder, write(folder, 6000, options=GeneratorOptions(static=True))


@pytest.mark.parametrize("layout", ["week", "series"])
def test_the_same_arguments_produce_the_same_bytes(tmp_path: Path, layout: str) -> None:
    options = GeneratorOptions(layout=layout, price=True, static=True, files=2)
    write(tmp_path / "once", 300, 20, options=options)
    write(tmp_path / "again", 300, 20, options=options)
    write(tmp_path / "other", 300, 20, seed=1, options=options)
    assert contents(tmp_path / "once") == contents(tmp_path / "again")
    assert contents(tmp_path / "once") != contents(tmp_path / "other")


def test_layouts_files_and_extra_columns_do_not_change_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(week_files, "CELLS_WAITING", 100_000)  # several row groups per week
    write(tmp_path / "weeks", 30_000, 12, options=GeneratorOptions(layout="week", price=True, static=True))
    write(tmp_path / "series", 30_000, 12, options=GeneratorOptions(layout="series", price=True, files=3))
    write(tmp_path / "plain", 30_000, 12)
    by_week, by_series = demand(tmp_path / "weeks"), demand(tmp_path / "series")
    assert by_series.equals(by_week.sort(*KEY, "ds"))
    assert demand(tmp_path / "plain").equals(by_week.drop("price"))


@pytest.mark.parametrize("series", [1, 2, 10])
def test_generates_exactly_the_requested_few_series(tmp_path: Path, series: int) -> None:
    assert write(tmp_path, series, options=GeneratorOptions(static=True)).series == series
    assert demand(tmp_path).select(KEY).n_unique() == series
    assert pl.read_parquet(tmp_path / "static/series.parquet").height == series


def test_the_history_can_be_one_week(tmp_path: Path) -> None:
    assert write(tmp_path, 50, 1).rows == 50


def test_week_files_hold_one_week_in_key_order(three_years: tuple[Path, Summary]) -> None:
    files = sorted((three_years[0] / "demand").iterdir())
    assert len(files) == 156
    assert files[-1].name == "2026-11-16.parquet"
    for path in (files[0], files[-1]):
        rows = pl.read_parquet(path)
        assert rows["ds"].unique().to_list() == [date.fromisoformat(path.stem)]
        assert rows.select(KEY).equals(rows.select(KEY).sort(KEY))


def test_keys_are_text_and_unique_per_week(three_years: tuple[Path, Summary]) -> None:
    rows = demand(three_years[0])
    assert rows.schema == {**dict.fromkeys(KEY, pl.String), "ds": pl.Date, "y": pl.Int32}
    assert rows.select(*KEY, "ds").is_unique().all()
    assert rows["article_id"].str.contains(r"^A\d{7}$").all()
    assert rows["merchant_id"].str.contains(r"^M\d{3}$").all()


# Blocks have about 8,192 series. In the first case a file ends with a few series of a block, in the second it
# starts with a few.
@pytest.mark.parametrize("series", [33_000, 32_600])
def test_series_files_have_whole_series_in_large_row_groups(tmp_path: Path, series: int) -> None:
    write(tmp_path, series, 20, options=GeneratorOptions(layout="series", files=2))
    files = sorted((tmp_path / "demand").iterdir())
    for path in files:
        groups = pq.ParquetFile(path).metadata
        rows = [groups.row_group(at).num_rows for at in range(groups.num_row_groups)]
        assert len(rows) == 2
        assert min(rows) >= 100_000
    keys = [set(pl.read_parquet(path).select(KEY).unique().iter_rows()) for path in files]
    assert [len(each) for each in keys] == [series // 2, series // 2]
    assert not set.intersection(*keys)


def test_a_series_has_a_row_every_week(three_years: tuple[Path, Summary]) -> None:
    spans = demand(three_years[0]).group_by(KEY).agg(pl.len(), first=pl.col("ds").min(), last=pl.col("ds").max())
    assert (spans["len"] == (spans["last"] - spans["first"]).dt.total_days() // 7 + 1).all()


def test_demand_is_intermittent_heavy_tailed_and_has_launches_and_ends(three_years: tuple[Path, Summary]) -> None:
    folder, summary = three_years
    rows = demand(folder)
    each = rows.group_by(KEY).agg(
        mean=pl.col("y").mean(),
        first=pl.col("ds").min(),
        last=pl.col("ds").max(),
        last_sale=pl.col("ds").filter(pl.col("y") > 0).max(),
    )
    assert (summary.series, summary.rows) == (each.height, rows.height)
    assert summary.zeros == (rows["y"] == 0).sum()
    assert summary.launched == (each["first"] > rows["ds"].min()).sum()
    assert summary.delisted == (each["last"] < LAST).sum()
    assert 0.5 < summary.zeros / summary.rows < 0.65
    assert 0.09 < summary.launched / summary.series < 0.16
    assert 0.04 < summary.discontinued / summary.series < 0.08
    assert 0 < summary.delisted < summary.discontinued
    assert 0.5 < (each["mean"] < 1).mean() < 0.75  # type: ignore[operator]
    assert each["mean"].max() > 100 * each["mean"].median()  # type: ignore[operator]
    zeros_after = each.filter((pl.col("last") < LAST) & pl.col("last_sale").is_not_null())
    assert ((zeros_after["last"] - zeros_after["last_sale"]).dt.total_days() >= 4 * 7).all()


def test_many_merchants_sell_popular_articles(three_years: tuple[Path, Summary]) -> None:
    merchants = pl.read_parquet(three_years[0] / "static/series.parquet").group_by("article_id").len()["len"]
    assert merchants.max() > 4 * merchants.median()  # type: ignore[operator]
    assert merchants.min() == 1


def test_a_category_has_its_season(three_years: tuple[Path, Summary]) -> None:
    static = pl.read_parquet(three_years[0] / "static/series.parquet")
    by_month = (
        demand(three_years[0])
        .join(static, on=KEY)
        .group_by("category", pl.col("ds").dt.month())
        .agg(pl.col("y").mean())
        .sort("ds")
        .partition_by("category", as_dict=True)
    )
    peak = {name: months["y"].arg_max() for (name,), months in by_month.items()}
    assert peak["barbecue"] in (4, 5, 6)  # May to July
    assert peak["toys"] in (10, 11, 0)
    barbecue = by_month["barbecue",]["y"].to_list()
    assert max(barbecue) > 4 * min(barbecue)


def test_a_promotion_lowers_the_price_and_raises_sales(tmp_path: Path) -> None:
    write(tmp_path, 3000, 52, options=GeneratorOptions(price=True))
    usual = pl.col("price").max().over(KEY)
    by_price = demand(tmp_path).group_by(promoted=pl.col("price") < 0.85 * usual).agg(pl.col("y").mean(), pl.len())
    (without, _), (promoted, weeks) = by_price.sort("promoted").select("y", "len").iter_rows()
    assert promoted > 1.5 * without
    assert 0.02 < weeks / by_price["len"].sum() < 0.04


def test_memory_does_not_grow_with_the_number_of_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(week_files, "CELLS_WAITING", 200_000)
    monkeypatch.setattr(generator, "CELLS_AHEAD", 1)

    def peak(series: int) -> int:
        tracemalloc.start()
        try:
            write(tmp_path / str(series), series, 10)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(200_000) < 1.5 * peak(50_000)


def test_the_job_forecasts_the_demand(tmp_path: Path) -> None:
    write(tmp_path, 60, 110, options=GeneratorOptions(price=True, static=True))
    settings = ("key=article_id,merchant_id", "horizon=4", "n_estimators=10")
    command = [sys.executable, "-m", "job_code", "train", "--output", str(tmp_path / "out")]
    command += ["--demand", str(tmp_path / "demand"), "--static", str(tmp_path / "static")]
    command += [part for setting in settings for part in ("--set", setting)]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(generator.__file__).parents[2])
    (part,) = tmp_path.glob("out/forecasts/partition=all/run_id=*/part-*.parquet")
    assert pl.read_parquet(part).select(KEY).n_unique() == 60


def test_rejects_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "demand").mkdir()
    with pytest.raises(SystemExit, match=f"nothing written: {tmp_path} is not empty; use a new folder, or empty it"):
        main(["--series", "10", "--output", str(tmp_path)])


def test_a_failure_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(week_files.WeekFiles, "close", full)
    with pytest.raises(SystemExit, match=r"nothing written: .* No space left on device"):
        main(["--series", "10", "--output", str(tmp_path)])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--series", "0"], "--series, --weeks and --files must be 1 or more"),
        (["--series", "10", "--weeks", "5201"], "--weeks 5201 must be at most 5,200"),
        (["--series", "10", "--last", "2026-11-17"], "--last 2026-11-17 is a Tuesday; it must be a Monday"),
        (["--series", "10", "--files", "2"], "--files needs --layout series"),
        (["--series", "10", "--files", "11", "--layout", "series"], "must not exceed --series"),
    ],
)
def test_an_invalid_argument_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--output", str(tmp_path / "new")])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_command_prints_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--series", "200", "--weeks", "8", "--output", str(tmp_path / "new"), "--static"])
    out = capsys.readouterr().out
    assert out.startswith("200 series, 1,")
    assert " in 9 files, " in out
    assert "% of the rows are zeros; " in out
