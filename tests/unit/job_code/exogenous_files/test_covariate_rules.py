"""Covariates of another calendar become values of periods by rules, and the run says how."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job_code.config import AggregationRule, CovariateRule
from job_code.demand.work_sizes import WorkSizes
from job_code.errors import InputError
from job_code.exogenous.covariates import CovariateTable
from job_code.exogenous_files.covariate_alignment import align_rows
from job_code.exogenous_files.covariate_problems import Problems
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.exogenous_files.covariate_shuffle_files import NO_GROUP, ShuffledRows, ShuffledTable, TableColumns
from job_code.preparation.panel_chunks import read_chunk
from job_code.preparation.read_input import read_input
from job_code.series.frequency import Frequency
from job_code.tables.key_matches import KeyMatches, KeySample
from tests.demand import LAST, ONE, context_of, job_request, run_job, series

WEEKLY = Frequency("W-MON")
DAY = 1_440
WEEKS, AHEAD = 30, 4
MONTHS = [date(2026, month, 1) for month in range(1, 13)]
SMALL = WorkSizes(rows_per_batch=100, rows_per_shard=90, values_per_chunk=50, rows_worth_a_worker=50)
ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 60 * DAY), st.none() | st.integers(-99, 99), st.none() | st.just(1.0)),
    min_size=1,
    max_size=50,
    unique_by=lambda row: row[:2],  # the last of two rows of one minute is an error
)
Files = Mapping[str, pl.DataFrame | bytes]


def table_of(folder: Path, rules: Mapping[str, CovariateRule]) -> ShuffledTable:
    return ShuffledTable(
        schema=CovariateSchema(numeric=tuple(rules), rules=rules),
        columns=TableColumns(number=0, key=("unique_id",), numbers=tuple(rules), texts=()),
        folder=folder,
        per_series=True,
        shards=1,
        booleans=(),
        moments=None,
        own_codes=(),
        unmatched=KeyMatches(),
        sample=KeySample(),
    )


def expected_cells(rows: pd.DataFrame, name: str, rule: CovariateRule, first: int, last: int) -> pd.DataFrame:
    """Return the value of each series and period by pandas. A week begins on a Monday; 1970-01-05 was the first one."""
    rows = rows.assign(period=(rows["moment"] // DAY - 4) // 7).sort_values("moment", kind="stable")
    cells = pd.MultiIndex.from_product([range(3), range(first, last + 1)], names=["series", "period"])
    valid = rows.dropna(subset=[name])
    if rule == "hold":
        wanted = cells.to_frame(index=False).astype("int64").sort_values("period")
        found = pd.merge_asof(
            wanted, valid[["series", "period", name]].sort_values("period", kind="stable"), on="period", by="series"
        )
        return found.set_index(["series", "period"])[name].reindex(cells)
    return valid.groupby(["series", "period"])[name].agg(rule).reindex(cells)


@given(rows=ROWS, rules=st.tuples(*[st.sampled_from([*get_args(AggregationRule), "hold"])] * 2))
def test_values_equal_those_of_pandas(rows: list[Any], rules: tuple[CovariateRule, ...]) -> None:
    frame = pd.DataFrame(rows, columns=["series", "moment", "a", "b"]).astype({"a": float, "b": float})
    table = table_of(Path("unused"), dict(zip("ab", rules, strict=True)))
    hashes = np.array([30, 10, 20], np.uint64)
    shuffled = ShuffledRows(
        hashes[frame["series"]], frame["moment"].to_numpy(np.int32), frame[["a", "b"]].to_numpy(np.float32).T
    )
    problems = Problems()
    own = align_rows(shuffled, hashes, WEEKLY, problems, table=table)
    first, last = 2, 9
    stored = CovariateTable.empty(2, np.full(3, first), np.full(3, last - first + 1))
    stored.put(own.series, own.period, own.values, table.schema.held)
    assert not problems
    for at, name in enumerate("ab"):
        expected = expected_cells(frame, name, rules[at], first, last)
        np.testing.assert_allclose(stored.values[at], expected.to_numpy(), rtol=1e-5)


@dataclass(frozen=True)
class Read:
    """Covariates of each key, from the first period of the demand to the end of the horizon."""

    values: dict[str, dict[str, list[float | None]]]
    quality: dict[str, Any]


def read(
    folder: Path, files: Files, *, demand: pl.DataFrame | None = None, sizes: WorkSizes = ONE, **settings: Any
) -> Read:
    """Read demand of 30 weeks of A and B with covariates."""
    if demand is None:
        demand = series({"A": [10.0] * WEEKS, "B": [20.0] * WEEKS})
    request = job_request(folder, demand, covariates=files, horizon=AHEAD, **settings)
    context = context_of(request, folder, sizes)
    prepared, quality = read_input(context)
    values: dict[str, dict[str, list[float | None]]] = {}
    for info in prepared.chunks:
        panel = read_chunk(info.folder, prepared.calendar.frequency).panel
        covariates = prepared.covariates.read(info.folder, panel)
        for at, key in enumerate(panel.keys["unique_id"].to_list()):
            periods = np.arange(panel.first_period[at], panel.last_period[at] + AHEAD + 1)
            found = covariates.at(np.full(len(periods), at), periods)
            values[key] = {
                name: [None if np.isnan(value) else float(value) for value in column]
                for name, column in zip(covariates.names, found, strict=True)
            }
    return Read(values, quality)


def weeks(count: int = WEEKS + AHEAD) -> list[date]:
    return [LAST + timedelta(weeks=at - WEEKS + 1) for at in range(count)]


def daily(*, key: str = "A") -> pl.DataFrame:
    """Return the days of the demand and of the horizon, with their number, whether they are a Tuesday, and a text."""
    first = weeks()[0]
    days = [first + timedelta(days=at) for at in range(7 * (WEEKS + AHEAD))]
    return pl.DataFrame(
        {
            "unique_id": key,
            "ds": days,
            "number": range(len(days)),
            "tuesday": [day.weekday() == 1 for day in days],
            "event": [f"e{day.weekday()}" for day in days],
        },
        schema_overrides={"number": pl.Float64},
    )


def errors(folder: Path, files: Files, **settings: Any) -> str:
    with pytest.raises(InputError) as error:
        read(folder, files, **settings)
    return "\n".join(error.value.problems)


def test_rows_that_are_clearly_finer_are_combined_by_their_type(tmp_path: Path) -> None:
    both = pl.concat([daily(), daily(key="B")])
    found = read(tmp_path, {"a.parquet": both})
    assert found.values["A"]["number"] == [7 * week + 3 for week in range(WEEKS + AHEAD)]
    assert set(found.values["A"]["tuesday"]) == {1}
    assert set(found.values["B"]["event"]) == {6}  # the position of e6, Sunday's
    assert (
        "covariates: 476 rows became 68 weeks of keys, by number=mean, tuesday=max, event=last. The setting is "
        "covariate_rules" in found.quality["notes"]
    )


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        (
            {"aggregate": "none"},
            "To combine the rows of a week, set e.g. covariate_rules=number=mean,tuesday=max,event=last. "
            "If a value holds until the next row, set covariate_rules=number=hold,tuesday=hold,event=hold",
        ),
        (
            {"covariate_rules": "number=sum"},
            "To combine the rows of a week, set e.g. covariate_rules=number=sum,tuesday=max,event=last. "
            "If a value holds until the next row, set covariate_rules=number=sum,tuesday=hold,event=hold",
        ),
    ],
)
def test_columns_without_a_rule_must_have_a_row_a_period(tmp_path: Path, settings: dict[str, str], remedy: str) -> None:
    found = errors(tmp_path, {"a.parquet": daily()}, **settings)
    assert "204 rows dated off the calendar W-MON of the demand in the table of number, tuesday, event, whose" in found
    assert remedy in found
    assert "with the key and week of another row" not in found  # the same rows
    cure = next(word for word in remedy.split() if word.startswith("covariate_rules=")).rstrip(".")
    cured = read(tmp_path / "cured", {"a.parquet": daily()}, covariate_rules=cure.removeprefix("covariate_rules="))
    assert set(cured.values["A"]["tuesday"]) == {1}


def test_two_rows_of_a_label_are_combined_by_a_configured_rule_only(tmp_path: Path) -> None:
    once = pl.DataFrame({"unique_id": "A", "ds": weeks(), "price": [1.0] * (WEEKS + AHEAD)})
    twice = {"a.parquet": pl.concat([once, once.with_columns(price=pl.lit(3.0))])}
    assert "34 rows with the key and week of another row" in errors(tmp_path / "none", twice)
    for rule, value in {"mean": 2, "sum": 4, "min": 1, "max": 3, "count": 2}.items():
        found = read(tmp_path / rule, twice, covariate_rules=f"price={rule}")
        assert set(found.values["A"]["price"]) == {value}
    for rule in ("last", "hold"):
        message = errors(tmp_path / rule, twice, covariate_rules=f"price={rule}")
        assert "34 rows with another value of price than a row with the same key and time" in message
        assert f"e.g. A {weeks()[0]} in row 1 of a.parquet and row 35 of a.parquet, A {weeks()[1]} in row 2" in message


def test_a_day_with_two_rows_is_an_error_unless_a_rule_is_configured(tmp_path: Path) -> None:
    twice = {"a.parquet": pl.concat([daily(), daily()[:1]])}
    message = errors(tmp_path, twice)
    assert "1 row with the key and time of another row" in message
    assert f"e.g. A {daily()['ds'][0]} in row 1 of a.parquet and row {daily().height + 1} of a.parquet. Keep" in message


def test_a_price_list_holds_until_the_next_change(tmp_path: Path) -> None:
    changes = pl.DataFrame(
        {
            "unique_id": ["A", "A", "A", "B"],
            "ds": [date(2020, 1, 1), weeks()[10] + timedelta(days=2), weeks()[WEEKS] + timedelta(days=6), weeks()[1]],
            "price": [5.0, 6.0, 7.0, 8.0],
        }
    )
    found = read(tmp_path / "all", {"a.parquet": changes[[2, 0, 3, 1]]}, covariate_rules="price=hold")
    assert found.values["A"]["price"] == [5.0] * 10 + [6.0] * 20 + [7.0] * 4  # a week has the last price in force
    assert found.values["B"]["price"] == [None] + [8.0] * 33
    assert (
        "covariates: price keeps the last value of its key for 88% of the periods to forecast, because its rule is "
        "hold. Upload later values if they are known" in found.quality["notes"]
    )
    message = errors(tmp_path / "none", {"a.parquet": changes})
    assert "If a value holds until the next row, set covariate_rules=price=hold" in message


def test_a_week_that_its_last_day_labels_has_the_rows_of_its_days(tmp_path: Path) -> None:
    """Every table is the same as with weeks that their Monday labels: the days have their own dates."""
    demand = series({"A": [10.0] * WEEKS, "B": [20.0] * WEEKS})
    changes = pl.DataFrame(
        {
            "unique_id": "A",
            "ds": [weeks()[10] + timedelta(days=day) for day in (-1, 0, 8, 13, 20)],
            "price": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    files = {"a.parquet": daily(), "b.parquet": changes}
    rules = "number=mean,tuesday=max,event=last,price=hold"
    begin = read(tmp_path / "begin", files, demand=demand, covariate_rules=rules, frequency="W-MON")
    ends = demand.with_columns(pl.col("ds") + timedelta(days=6))
    end = read(tmp_path / "end", files, demand=ends, covariate_rules=rules, frequency="W-SUN", period_label="end")
    assert begin.values["A"]["number"][:2] == [3.0, 10.0]
    assert end.values["A"] == begin.values["A"]
    assert end.quality["notes"] == begin.quality["notes"]

    unknown = read(tmp_path / "unknown", files, demand=ends, covariate_rules=rules, frequency="W-SUN")
    cutoff = LAST + timedelta(days=6)
    note = f"demand: {cutoff} stands for {cutoff} to {cutoff + timedelta(days=6)}. If it is the last day of its week, "
    assert f"{note}set period_label=end" in unknown.quality["notes"]


def priced(at: int) -> pl.DataFrame:
    """Return a price for each month of 2026."""
    prices = [at + month.month for month in MONTHS]
    return pl.DataFrame({"unique_id": f"{at}", "shop": f"{at}", "ds": MONTHS, "price": prices})


@pytest.mark.parametrize("key", [("unique_id", "shop"), ("unique_id",), ("shop",), ()])
def test_sizes_and_keys_of_tables_change_nothing(tmp_path: Path, key: tuple[str, ...]) -> None:
    demand = series({f"{at}": [10.0] * WEEKS for at in range(8)}).with_columns(shop=pl.col("unique_id"))
    prices = pl.concat(priced(at) for at in range(8 if key else 1))
    files = {f"{part}.parquet": prices[part::3].select(*key, "ds", "price") for part in range(3)}
    whole, small = (
        read(tmp_path / name, files, demand=demand, sizes=sizes, key="unique_id,shop", covariate_rules="price=hold")
        for name, sizes in (("whole", ONE), ("small", SMALL))
    )
    assert whole.values == small.values
    latest = [max(month for month in MONTHS if month < day + timedelta(weeks=1)) for day in weeks()]
    assert whole.values["3"]["price"] == [(3 if key else 0) + month.month for month in latest]


def test_readings_that_end_with_the_demand_are_not_held_into_the_horizon(tmp_path: Path) -> None:
    readings = pl.concat(daily(key=key).select("unique_id", "ds", "number")[: 7 * WEEKS : 9] for key in "AB")
    found = read(tmp_path, {"a.parquet": readings}, covariate_rules="number=hold")
    assert found.quality["covariates_not_used"] == ["number"]
    assert found.quality["warnings"] == [
        "covariates: number has no row after the end of the demand, but values in 75% of the 4 weeks before. Its "
        "later values are not known, so the run does not use it. Upload planned values"
    ]


def test_a_held_column_of_few_series_is_only_reported_as_not_used(tmp_path: Path) -> None:
    demand = series({"A": [10.0] * WEEKS, "B": [20.0] * WEEKS, "C": [30.0] * WEEKS})
    price = pl.DataFrame({"unique_id": "A", "ds": weeks()[::9], "price": 5.0}).filter(pl.col("ds") <= LAST)
    found = read(tmp_path, {"a.parquet": price}, demand=demand, covariate_rules="price=hold")
    assert not any("keeps the last value" in note for note in found.quality["notes"])
    assert found.quality["warnings"][-1] == (
        "covariates: price is missing for 67% of the periods to forecast, so the run does not use it. Add rows of the "
        "other keys"
    )


def test_gaps_in_the_horizon_that_exclude_a_column_are_a_warning(tmp_path: Path) -> None:
    ahead = pl.col("ds").is_in([LAST, *weeks()[WEEKS + 1 :]])
    table = pl.DataFrame({"unique_id": ["A"] * 34 + ["B"] * 34, "ds": weeks() * 2, "price": 5.0})
    rows = table.filter(~ahead)  # one of four weeks to forecast
    (warning,) = read(tmp_path, {"a.parquet": rows}).quality["warnings"]
    assert warning == (
        "covariates: price is missing for 75% of the periods to forecast, so the run does not use it. Add the missing "
        "rows or values"
    )


def test_a_coarse_column_without_a_rule_is_a_warning(tmp_path: Path) -> None:
    demand = pl.DataFrame({"unique_id": "A", "ds": [LAST - timedelta(days=at) for at in range(200)], "y": 1.0})
    sparse = pl.DataFrame({"unique_id": "A", "ds": [LAST + timedelta(days=7 * at - 182) for at in range(28)], "t": 3.0})
    found = read(tmp_path / "warned", {"a.parquet": sparse}, demand=demand)
    assert found.quality["warnings"] == [
        "covariates: t has a row for 15% of the days of its keys. If a value holds until the next row, set "
        "covariate_rules=t=hold. If days without a row have a usual value, set it, e.g. covariate_defaults=t=0"
    ]
    held = read(tmp_path / "held", {"a.parquet": sparse}, demand=demand, covariate_rules="t=hold")
    assert held.quality["warnings"] == []
    assert held.values["A"]["t"] == [None] * 17 + [3.0] * (200 - 17 + AHEAD)


def test_a_default_applies_to_every_period_without_a_value(tmp_path: Path) -> None:
    promotions = pl.DataFrame(
        {"unique_id": ["A", "A"], "ds": [weeks()[3], weeks()[5]], "promotion": [1.0, 2.0], "event": ["sale", "sale"]}
    )
    files = {"a.parquet": promotions}
    found = read(tmp_path, files, covariate_defaults="promotion=0,event=none")
    assert found.values["A"]["promotion"] == [0, 0, 0, 1, 0, 2, *[0] * 28]
    assert found.values["A"]["event"] == [1, 1, 1, 0, 1, 0, *[1] * 28]
    assert found.values["B"]["promotion"] == [0] * 34
    assert found.quality["covariates_missing_in_horizon"] == {"promotion": 0.0, "event": 0.0}
    assert (
        "covariates: event has no value after the cutoff. In all periods to forecast it is none, by "
        "covariate_defaults. Upload planned values if there are any" in found.quality["notes"]
    )
    assert (
        "covariate_defaults: event=none, but no row has 'none' in event, so it is a category of its own. The rows have "
        "e.g. 'sale'. Set one of them if 'none' is a mistake" in found.quality["notes"]
    )


@pytest.mark.parametrize(
    ("values", "usual"),
    [
        ([1.0, 2.0], "0"),
        ([True, False], "0"),
        (["true", "False"], "false"),
        (["TRUE", "true"], "false"),
        (["fair", "sale"], "none"),
        (["fair", "no"], "no"),
    ],
)
def test_the_default_that_a_message_proposes_fits_the_column(tmp_path: Path, values: list[Any], usual: str) -> None:
    rows = pl.DataFrame({"ds": weeks()[1::3], "event": [values[at % 2] for at in range(len(weeks()[1::3]))]})
    (warning,) = read(tmp_path / "none", {"a.parquet": rows}).quality["warnings"]
    assert warning.endswith(f"set it, e.g. covariate_defaults=event={usual}")
    found = read(tmp_path / "set", {"a.parquet": rows}, covariate_defaults=f"event={usual}")
    assert found.quality["warnings"] == []
    shown = found.values["A"]["event"]
    assert None not in shown
    noted = [note for note in found.quality["notes"] if "is a category of its own" in note]
    assert len(noted) == (usual == "none" or values == ["TRUE", "true"])


def test_times_of_day_belong_to_the_configured_day(tmp_path: Path) -> None:
    nights = [f"{LAST + timedelta(weeks=AHEAD + 1 - at)}T03:00" for at in range(20)]  # Mondays, before the day begins
    rows = pl.DataFrame({"unique_id": "A", "ds": nights, "level": range(20)})
    found = read(tmp_path, {"a.parquet": rows}, covariate_rules="level=max", frequency="W-MON", day_begins_at=6)
    assert found.values["A"]["level"][-20:] == [float(at) for at in reversed(range(20))]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"covariate_rules": "prize=hold"},
            "covariate_rules: no covariate is named prize. The files have event",
        ),
        ({"covariate_defaults": "prize=0"}, "covariate_defaults: no covariate is named prize. The files have"),
        (
            {"covariate_rules": "event=mean"},
            "event is text, so its rule cannot be mean, but last or hold. Set e.g. covariate_rules=event=last",
        ),
        ({"covariate_defaults": "number=none"}, "covariate_defaults: number=none, but number is a number"),
    ],
)
def test_invalid_rules_are_reported(tmp_path: Path, settings: dict[str, str], message: str) -> None:
    assert message in errors(tmp_path, {"a.parquet": daily()}, **settings)


def test_rules_without_covariates_are_a_note(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"covariate_rules": "price=hold", "covariate_defaults": "promotion=0", "horizon": 4}
    notes = run_job(tmp_path, series({"A": [1.0] * 30}), **settings).quality["notes"]
    assert [note for note in notes if note.startswith("covariate_")] == [
        f"{setting}: the run has no covariates, so it does nothing. Upload covariates, or remove it"
        for setting in ("covariate_rules", "covariate_defaults")
    ]


def test_a_monthly_price_is_held_into_the_horizon(tmp_path: Path) -> None:
    """Its last change is within the last horizon of the demand, but most weeks have no row."""
    months = [month for month in MONTHS if month <= LAST]
    prices = pl.DataFrame(
        {"unique_id": ["A"] * len(months), "ds": months, "price": [float(month.month) for month in months]}
    )
    found = read(tmp_path, {"p.parquet": prices}, covariate_rules="price=hold")
    assert found.quality["covariates_not_used"] == []
    assert found.values["A"]["price"][-AHEAD:] == [float(months[-1].month)] * AHEAD


def test_rows_that_lay_out_the_horizon_are_no_demand(tmp_path: Path) -> None:
    """A planned price reaches the end of the horizon, and so do rows of the demand without a value."""
    ahead = pl.DataFrame({"unique_id": "A", "ds": weeks()[WEEKS:], "y": None}, schema_overrides={"y": pl.Float64})
    demand = pl.concat([series({"A": [10.0] * WEEKS}), ahead])
    prices = pl.DataFrame({"unique_id": "A", "ds": weeks(), "price": [2.0] * (WEEKS + AHEAD)})
    found = read(tmp_path, {"p.parquet": prices}, demand=demand)
    assert found.quality["covariates_not_used"] == []
    assert found.values["A"]["price"] == [2.0] * (WEEKS + AHEAD)


def test_a_shared_list_without_rows_of_the_run_holds_nothing() -> None:
    table = CovariateTable.empty(1, np.array([0]), np.array([3]))
    group = np.array([NO_GROUP, NO_GROUP])
    table.put(group, np.array([5, 6]), np.array([[1.0, 2.0]], dtype=np.float32), [True])
    assert np.isnan(table.values[0]).all()
    nothing = CovariateTable.empty(1, np.empty(0, np.int64), np.empty(0, np.int64))
    nothing.put(group, np.array([5, 6]), np.array([[1.0, 2.0]], dtype=np.float32), [True])
    assert not len(nothing.values[0])


def test_an_event_calendar_with_empty_days_is_no_finding(tmp_path: Path) -> None:
    events = pl.DataFrame({"ds": weeks(), "event": [None] * (WEEKS + AHEAD - 2) + ["fair", "fair"]})
    found = read(tmp_path, {"e.parquet": events})
    assert found.quality["warnings"] == []
