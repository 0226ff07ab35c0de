from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from contract.calendar.frequencies import calendar_of
from contract.calendar.labels import moment_of_label
from job_code.demand.cells import Cells
from job_code.demand.demand_checks import Calendar
from job_code.demand.moment_counts import ROWS, WITH_VALUE, MomentCounts
from job_code.demand.shuffle_files import ShuffledShard
from job_code.series.frequency import Frequency
from job_code.times.moments import MOMENT
from tests.demand import LAST, configured, prepared, problems, run_job, series, shop

SOUND = series({"A": [1.0] * 10, "B": [2.0] * 10})


def checked(folder: Path, demand: pl.DataFrame, **settings: object) -> Calendar:
    return prepared(folder, {"a.parquet": demand}, configured(**settings)).calendar


@pytest.mark.parametrize("cells_per_row", [0, 16])  # without and with a table of all series and periods
def test_duplicates_are_counted_by_series(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells_per_row: int) -> None:
    monkeypatch.setattr("job_code.demand.cells.CELLS_PER_ROW", cells_per_row)
    twice = pl.concat([SOUND, SOUND.filter(pl.col("unique_id") == "B")[:4]])
    assert problems(tmp_path, {"a.parquet": twice[:12], "b.csv": twice[12:]}) == [
        "demand: 1 series with duplicate weeks, e.g. B 2026-09-14, B 2026-09-21, B 2026-09-28. "
        "Keep one row per series and week, or set aggregate to combine them"
    ]


@pytest.mark.parametrize("tuesday_first", [False, True])
def test_two_days_of_one_week_are_off_the_calendar_and_duplicates(tmp_path: Path, tuesday_first: bool) -> None:
    tuesday = SOUND[:1].with_columns(pl.col("ds") + timedelta(days=1))
    rows = pl.concat([tuesday, SOUND] if tuesday_first else [SOUND, tuesday])
    off, duplicate = problems(tmp_path, {"a.parquet": rows})
    assert off.startswith("demand: 1 row dated off the calendar W-MON, e.g. A 2026-09-15. Date every week the same")
    assert duplicate.startswith("demand: 1 series with duplicate weeks, e.g. A 2026-09-14")


@pytest.mark.parametrize(
    ("frequency", "count"), [("W-TUE", 20), ("MS", 20), ("ME", 20), ("D", 0), ("W-MON", 0), ("W", 0)]
)
def test_dates_off_the_configured_calendar(tmp_path: Path, frequency: str, count: int) -> None:
    messages = problems(tmp_path, {"a.parquet": SOUND}, frequency=frequency, aggregate="none")
    found = [line for line in messages if "off the calendar" in line]
    assert len(found) == (1 if count else 0)
    assert all(line.startswith(f"demand: {count} rows dated off the calendar {frequency}") for line in found)


@pytest.mark.parametrize(
    ("cutoff", "expected"),
    [
        (
            "20261109",
            "cutoff: 20261109 is not a period of W-MON, whose periods have dates. Write it like 2026-11-16, where the "
            "demand ends",
        ),
        ("2026-09-07", "cutoff: 2026-09-07 is before all demand. Use 2026-09-14, its first date, or a later date"),
        (
            "2026-11-30",
            "cutoff: demand ends 2026-11-16, 2 weeks before the cutoff 2026-11-30. "
            "Upload the missing demand, or use the cutoff 2026-11-16",
        ),
        (
            "2026-11-12",
            "cutoff: 2026-11-12 is not a date of the calendar W-MON. Use 2026-11-02, 2026-11-09 or 2026-11-16",
        ),
    ],
)
def test_an_invalid_cutoff_is_reported(tmp_path: Path, cutoff: str, expected: str) -> None:
    assert problems(tmp_path, {"a.parquet": SOUND}, cutoff=cutoff) == [expected]


def test_the_cutoff_is_the_last_period_with_a_value(tmp_path: Path) -> None:
    asked = checked(tmp_path / "asked", SOUND, cutoff="2026-10-05")
    assert asked.frequency.label_of(asked.cutoff) == date(2026, 10, 5)
    empty_weeks = pl.DataFrame(
        {
            "unique_id": ["A"] * 3,
            "ds": [LAST + timedelta(weeks=at) for at in (1, 2, 3)],
            "y": [None, None, float("nan")],
        },
        schema=SOUND.schema,
    )
    silent = checked(tmp_path / "silent", pl.concat([SOUND, empty_weeks]))
    assert silent.frequency.label_of(silent.cutoff) == LAST


@pytest.mark.parametrize("start_rule", ["first_value", "zero"])
def test_demand_without_any_value_is_rejected(tmp_path: Path, start_rule: str) -> None:
    empty = SOUND.with_columns(y=pl.lit(None, dtype=pl.Float64))
    (message,) = problems(tmp_path, {"a.parquet": empty}, start_rule=start_rule)
    assert message.startswith("demand: no row has a value in y")


def test_only_negative_rule_error_rejects_negative_demand(tmp_path: Path) -> None:
    negative = series({"A": [1.0, -1.0, -2.0], "B": [1.0, 1.0, 1.0]})
    (message,) = problems(tmp_path / "e", {"a.parquet": negative}, negative_rule="error")
    assert message.startswith("demand: 2 rows with negative demand, e.g. A 2026-11-09, A 2026-11-16. Fix the values")
    assert not problems(tmp_path / "c", {"a.parquet": negative}, negative_rule="clip")
    assert not problems(tmp_path / "k", {"a.parquet": negative}, negative_rule="keep")


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    spoiled = SOUND.with_columns(
        y=pl.when(pl.int_range(pl.len()) == 3)
        .then(float("inf"))
        .when(pl.int_range(pl.len()) == 4)
        .then(-1.0)
        .otherwise("y"),
        unique_id=pl.when(pl.int_range(pl.len()) == 5).then(None).otherwise("unique_id"),
        ds=pl.when(pl.int_range(pl.len()) == 6).then(pl.col("ds") + timedelta(days=2)).otherwise("ds"),
    )
    files: dict[str, pl.DataFrame | bytes] = {
        "sound.parquet": SOUND,
        "spoiled.parquet": spoiled,
        "lacking.parquet": SOUND.drop("y"),
        "empty.parquet": b"",
        "broken.parquet": b"PAR1\0 and nothing else",
        "text.csv": b"unique_id,ds,y\nC,yesterday,1\nC,2026-11-16,much\n",
    }
    messages = "\n".join(problems(tmp_path, files, negative_rule="error", cutoff="2027-01-04"))
    for part in (
        "1 file with no content, e.g. empty.parquet",
        "1 file that cannot be read as Parquet, e.g. broken.parquet",
        "1 file without the column y, e.g. lacking.parquet",
        "1 row without a complete key (unique_id), e.g. None in row 6 of spoiled.parquet",
        "1 row with an infinite value",
        "1 row without a readable date in ds, e.g. 'yesterday' in line 2 of text.csv",
        "1 row with something other than a number in y, e.g. 'much' in line 3 of text.csv",
        "1 row dated off the calendar W-MON",
        "2 series with duplicate weeks",
        "1 row with negative demand",
        "cutoff: demand ends 2026-11-16, 7 weeks before the cutoff 2027-01-04",
    ):
        assert part in messages
    assert len(messages.splitlines()) == 11


def test_an_unknown_frequency_is_reported_with_the_other_problems(tmp_path: Path) -> None:
    one = series({"A": [1.0], "B": [1.0]})
    infinite = one[:1].with_columns(y=pl.lit(float("inf")))
    messages = problems(tmp_path, {"a.parquet": one, "b.parquet": infinite})
    assert len(messages) == 2
    assert "infinite" in messages[0]
    assert "the frequency cannot be inferred" in messages[1]


def test_sound_demand_passes(tmp_path: Path) -> None:
    sound = checked(tmp_path, shop(3, 20))
    assert sound == Calendar(Frequency("W-MON"), Frequency("W-MON").period_of(LAST))


def test_the_usual_span_ignores_a_few_odd_dates() -> None:
    weeks = pl.date_range(LAST - timedelta(weeks=9), LAST, "1w", eager=True)
    moments = [moment_of_label(day, calendar_of("D")) for day in (date(1900, 1, 1), *weeks)]
    odd = pl.DataFrame({MOMENT: moments, ROWS: [1, *[20] * 10], WITH_VALUE: [1, *[20] * 10]})
    calendar = Calendar(Frequency("W-MON"), Frequency("W-MON").period_of(LAST))
    assert calendar.usual_span(MomentCounts(odd), configured()) == 10
    assert calendar.usual_span(MomentCounts(odd), configured(history=4)) == 4
    assert calendar.usual_span(MomentCounts(odd[-1:]), configured()) == 1


DAILY = {f"D{at}": [1.0 + at] * 200 for at in range(4)}


@pytest.mark.parametrize("cells_per_row", [0, 16])  # without and with a table of all series and periods
def test_series_with_a_longer_step_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cells_per_row: int
) -> None:
    monkeypatch.setattr("job_code.demand.cells.CELLS_PER_ROW", cells_per_row)
    weekly = {"W1": [5.0 if at % 7 == 0 else None for at in range(200)]}
    found = problems(tmp_path, {"a.parquet": series({**DAILY, **weekly}, frequency="D")})
    assert found == [
        "demand: 1 series with a longer step than one day, e.g. W1 every 7 days. Set frequency to their calendar, "
        "forecast them in another run, or write a row for every day"
    ]
    only_weeks = series({f"W{at}": [1.0] * 40 for at in range(5)})
    (message,) = problems(tmp_path / "set", {"a.parquet": only_weeks}, frequency="D")
    assert message.startswith("demand: 5 series with a longer step than one day, e.g. W0 every 7 days")


def test_series_with_random_gaps_or_few_rows_are_no_error(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    sparse = {f"S{at}": [1.0 if random.random() < 0.2 else None for _ in range(300)] for at in range(40)}
    short = {"few": [1.0 if at % 10 == 0 else None for at in range(200)]}  # 20 rows
    assert not problems(tmp_path, {"a.parquet": series({**DAILY, **sparse, **short}, frequency="D")})


MONTHLY = series({f"M{at}": [float(at)] * 40 for at in range(9)}, frequency="MS")
MONDAYS = series({f"A{at}": [1.0] * 60 for at in range(9)})
SUNDAYS, NEXT_SUNDAYS = pl.col("ds") - timedelta(days=1), pl.col("ds") + timedelta(days=6)


@pytest.mark.parametrize("cells_per_row", [0, 16])  # without and with a table of all series and periods
@pytest.mark.parametrize(
    ("demand", "settings", "example"),
    [
        (MONTHLY, {"frequency": "D"}, "M0 every 31 days"),
        (MONTHLY.filter(pl.col("ds") >= date(2026, 5, 1)), {"frequency": "D"}, "M0 every 31 days"),
        (
            MONDAYS.with_columns(ds=pl.when(pl.col("ds") < date(2026, 4, 27)).then(NEXT_SUNDAYS).otherwise("ds")),
            {},
            "7 days",
        ),
        (
            MONDAYS.filter(pl.col("ds") > date(2026, 6, 29)).with_columns(
                ds=pl.when(pl.col("unique_id") > "A4").then(SUNDAYS).otherwise("ds")
            ),
            {},
            "7 days",
        ),
        (MONDAYS.filter(pl.col("ds").rank("dense") % 9 != 5)[-80:], {"frequency": "D"}, "7 days"),
        (MONDAYS[-80:], {"frequency": "B"}, "every 5 business days"),
    ],
    ids=["months of days", "few months", "another weekday", "two weekdays", "weeks with gaps", "business days"],
)
def test_most_series_with_a_usual_distance_are_an_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cells_per_row: int,
    demand: pl.DataFrame,
    settings: dict[str, Any],
    example: str,
) -> None:
    monkeypatch.setattr("job_code.demand.cells.CELLS_PER_ROW", cells_per_row)
    (message,) = problems(tmp_path, {"a.parquet": demand}, **settings)
    assert " series with a " in message
    assert example in message


def test_combined_rows_with_a_usual_distance_are_a_warning(tmp_path: Path) -> None:
    settings = {"frequency": "W-MON", "aggregate": "sum", "n_estimators": 5}
    (warning,) = run_job(tmp_path, MONTHLY, **settings).quality["warnings"]  # type: ignore[arg-type]
    assert warning.startswith("demand: 9 series with a usual distance of several weeks, which would have no demand in")
    assert "e.g. M0 every 4 weeks, M1 every 4 weeks" in warning


@pytest.mark.parametrize("share", [0.03, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("rows", [5, 8, 20, 60])
def test_rare_sellers_keep_no_distance(share: float, rows: int) -> None:
    random = np.random.default_rng(rows)
    for _ in range(50):
        distances = random.geometric(share, size=(40, rows - 1))
        periods = np.concatenate([np.zeros((40, 1), int), distances.cumsum(axis=1)], axis=1)
        shard = ShuffledShard(
            keys=pl.DataFrame({"unique_id": range(40)}),
            hashes=np.arange(40, dtype=np.uint64),
            series=np.repeat(np.arange(40), rows),
            moment=periods.ravel().astype(np.int32),
            value=np.ones(periods.size, np.float32),
            in_stock_share=None,
        )
        series_found, _, checked = Cells.of(shard, shard.moment).spaced()
        assert len(series_found) <= 0.5 * checked


def test_inferred_days_have_no_time_of_day(tmp_path: Path) -> None:
    demand = series(DAILY, frequency="D").with_columns(pl.col("ds").cast(pl.Datetime("us")))
    odd = demand[:1].with_columns(pl.col("ds") + timedelta(hours=5))
    (message,) = problems(tmp_path, {"a.parquet": pl.concat([demand[1:], odd])})
    assert message.startswith("demand: 1 row with a time of day, e.g. D0 2026-05-01T05:00. Provide one row per day")


def test_dropped_rows_make_no_distances(tmp_path: Path) -> None:
    """Times with an offset are refused, but midnights would stay as rows of every 24th hour."""
    hours = shop(3, 24 * 30, frequency="h").with_columns(pl.col("ds").dt.strftime("%Y-%m-%d %H:%M:%S+01"))
    (problem,) = problems(tmp_path, {"a.csv": hours}, frequency="h")
    assert "with a time of day in a zone in ds" in problem
