"""Reading, forecasting and scoring of tasks."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.accuracy import generated_tasks
from benchmarks.accuracy.run_tasks import LEVELS, main, run_plain_mlforecast
from benchmarks.accuracy.scores import score_point, score_quantiles
from benchmarks.accuracy.tasks import ForecastTask, task_names
from job_code.series.frequency import Frequency

WEEKS, HORIZON = 70, 4
NAMES = ("a", "ö", "c")


def write_task(folder: Path, name: str, *, horizon: int = HORIZON) -> None:
    random = np.random.default_rng(0)
    frames = []
    for at, series in enumerate(NAMES):
        days = [date(2026, 1, 5) + timedelta(weeks=week - at) for week in range(WEEKS + horizon)]
        values = (20 + 5 * np.sin(np.arange(len(days)) / 8.3) + random.normal(0, 1, len(days))).tolist()
        frame = pl.DataFrame({"unique_id": series, "ds": days, "y": values, "price": 2.0 + at})
        frames.append(frame.with_columns(test=pl.int_range(pl.len()) >= WEEKS))
    together = pl.concat(frames).sample(fraction=1, shuffle=True, seed=1)
    together.filter(~pl.col("test")).drop("test").write_parquet(folder / f"{name}.train.parquet")
    together.filter("test").drop("test").write_parquet(folder / f"{name}.test.parquet")


def test_a_task_is_forecast_by_each_program_and_compared(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_task(tmp_path, "sweets")
    pl.DataFrame({"task": ["sweets", "else"], "model": ["Guess", "No"], "MASE": [3.25, 1.0]}).write_csv(
        tmp_path / "published.csv"
    )
    main([str(tmp_path), "--set", "n_estimators=5"])
    printed = capfd.readouterr().out
    assert "**sweets**: 3 series, 4 periods ahead" in printed
    rows = [line.split(" | ")[0].removeprefix("| ") for line in printed.splitlines() if line.startswith("| ")]
    assert rows[2:] == [
        "the job",
        "plain MLForecast",
        "seasonal naive of 1 week",
        "seasonal naive of 52 weeks",
        "published: Guess",
    ]
    assert "| published: Guess | 3.2500 |" in printed
    shares = [float(share.rstrip("%")) for share in printed.split("distribution: ")[1].split("\n")[0].split(", ")]
    assert len(shares) == 10
    assert sum(shares) == pytest.approx(100, abs=0.6)


def test_series_that_plain_mlforecast_cannot_forecast_are_scored(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_task(tmp_path, "sweets")
    train = tmp_path / "sweets.train.parquet"
    latest = pl.col("ds").rank("ordinal", descending=True).over("unique_id")
    unknown = (pl.col("unique_id") == "ö") | ((pl.col("unique_id") == "c") & (latest <= 2))
    pl.read_parquet(train).with_columns(y=pl.when(~unknown).then("y")).write_parquet(train)
    main([str(tmp_path), "--set", "n_estimators=5"])
    assert "| plain MLForecast |" in capfd.readouterr().out
    task = ForecastTask.read(tmp_path, "sweets")
    forecast = run_plain_mlforecast(task, Frequency("W-MON"))
    empty = sorted(NAMES).index("ö")
    assert forecast[empty].tolist() == [0.0] * HORIZON
    others = np.delete(forecast, empty, axis=0)
    assert (np.abs(others - 20) < 10).all()


def test_a_folder_without_tasks_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([str(tmp_path)])
    assert f"{tmp_path} has no TASK.train.parquet" in capsys.readouterr().err


def test_read_returns_the_contents_of_the_files(tmp_path: Path) -> None:
    write_task(tmp_path, "sweets")
    assert task_names(tmp_path) == ["sweets"]
    task = ForecastTask.read(tmp_path, "sweets")
    assert task.horizon == HORIZON
    assert task.actual.shape == (3, HORIZON)
    assert task.covariates is not None
    assert task.covariates.columns == ["unique_id", "ds", "price"]
    assert task.covariates.height == 3 * (WEEKS + HORIZON)
    by_hand = []
    for series in sorted(NAMES):
        known = task.train.filter(pl.col("unique_id") == series).sort("ds")["y"].to_numpy()
        by_hand.append(np.abs(np.diff(known)).mean())
    assert task.seasonal_naive_mae(1) == pytest.approx(by_hand)
    first = task.train.filter(pl.col("unique_id") == "a").sort("ds")["y"].to_numpy()
    assert task.repeated(1)[0].tolist() == [first[-1]] * HORIZON
    assert task.repeated(52)[0].tolist() == first[-52 : -52 + HORIZON].tolist()
    pl.read_parquet(tmp_path / "sweets.test.parquet")[1:].write_parquet(tmp_path / "sweets.test.parquet")
    with pytest.raises(ValueError, match="different numbers of periods"):
        ForecastTask.read(tmp_path, "sweets")


def test_scores_match_their_formulas() -> None:
    random = np.random.default_rng(0)
    actual, scale = random.gamma(2, 3, (5, 3)), np.array([1.0, 2, np.nan, 0, 3])
    actual[1, 2] = np.nan
    quantiles = np.sort(random.gamma(2, 3, (5, 3, 9)), axis=2)
    mean = random.gamma(2, 3, (5, 3))
    known = [(row, step) for row in range(5) for step in range(3) if not np.isnan(actual[row, step])]
    total = sum(actual[at] for at in known)
    scaled = [at for at in known if at[0] in (0, 1, 4)]
    found = score_quantiles(actual, mean, quantiles, LEVELS, scale, LEVELS)
    assert found.wape == pytest.approx(sum(abs(actual[at] - quantiles[at][4]) for at in known) / total)
    assert found.mase == pytest.approx(np.mean([abs(actual[at] - quantiles[at][4]) / scale[at[0]] for at in scaled]))
    assert found.bias == pytest.approx(sum(mean[at] - actual[at] for at in known) / total)

    def pinball(at: tuple[int, int], number: int) -> float:
        error, level = actual[at] - quantiles[at][number], LEVELS[number]
        return float(2 * (level * error if error > 0 else (level - 1) * error))

    assert found.wql == pytest.approx(sum(pinball(at, q) for at in known for q in range(9)) / 9 / total)
    assert found.sql == pytest.approx(np.mean([pinball(at, q) / scale[at[0]] for at in scaled for q in range(9)]))
    inside = [quantiles[at][0] <= actual[at] <= quantiles[at][8] for at in known]
    assert found.coverage == pytest.approx(np.mean(inside))
    assert found.coverage_first == pytest.approx(np.mean([inside[n] for n, at in enumerate(known) if at[1] == 0]))
    assert score_point(actual, quantiles[..., 4], scale).mase == found.mase
    assert found.calibration
    between = [sum(quantiles[at][low] < actual[at] <= quantiles[at][low + 1] for at in known) for low in range(8)]
    assert found.calibration[1:9] == pytest.approx([each / len(known) for each in between])


def test_the_generated_tasks_are_days_and_business_days(tmp_path: Path) -> None:
    generated_tasks.main([str(tmp_path), "--series", "5"])
    assert task_names(tmp_path) == ["business_days", "days"]
    for name, frequency, season in (("business_days", "B", 5), ("days", "D", 7)):
        task = ForecastTask.read(tmp_path, name)
        assert task.frequency.name == frequency
        assert task.horizon == generated_tasks.TASKS[name].horizon
        assert task.actual.shape == (5, task.horizon)
        scale = task.seasonal_naive_mae(season)
        naive, seasonal = (score_point(task.actual, task.repeated(each), scale).wape or 0.0 for each in (1, season))
        assert naive > seasonal > 0.1
