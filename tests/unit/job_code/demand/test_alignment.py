"""Compare alignment with a reference that processes every series period by period."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.config import ForecastConfig
from job_code.demand.alignment import Repairs, align
from job_code.demand.demand_checks import Calendar
from job_code.demand.demand_rows import VALUE
from job_code.demand.shuffle_files import ShuffleWriter, read_shard
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from job_code.times.moments import MOMENT
from tests.demand import configured, panel_of, series

CALENDAR = Frequency("W-MON")
Rows = Mapping[str, Mapping[int, float | None]]


@dataclass
class Reference:
    """Expected result of `align`, by series."""

    first: dict[str, int] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    observed: dict[str, list[bool]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def reference(rows: Rows, calendar: Calendar, config: ForecastConfig) -> Reference:
    result, cutoff = Reference(), calendar.cutoff
    counts = dict.fromkeys(
        [
            "gaps_filled",
            "series_with_gaps",
            "ended_series",
            "periods_out_of_stock",
            "periods_partly_out_of_stock",
            "negative_values",
            "rows_after_cutoff",
            "rows_before_history",
            "series_after_cutoff",
            "rows_combined",
            "periods_before_first_value",
        ],
        0,
    )
    for key in sorted(rows):
        counts["rows_after_cutoff"] += sum(period > cutoff for period in rows[key])
        periods = [period for period in rows[key] if period <= cutoff]
        if not periods:
            counts["series_after_cutoff"] += 1
            continue
        known = {period: value for period in periods if (value := rows[key][period]) is not None}
        last = cutoff if config.cutoff_rule == "common" else max(periods)
        begin = min(known) if known else max(periods)
        first = begin if calendar.first is None or not known else min(begin, calendar.first)
        if config.history is not None:
            first = max(first, last - config.history + 1)
        values, observed, gaps = [], [], 0
        for period in range(first, last + 1):
            value = known.get(period)
            is_observed = period in known or config.end_rule == "zero"
            if value is not None:
                counts["negative_values"] += value < 0
            elif known and period < begin:
                counts["periods_before_first_value"] += 1
                is_observed = True
            elif known and (period < max(known) or config.cutoff_rule == "series"):
                gaps += 1
                is_observed = config.gap_rule in ("zero", "value")
                value = gap_value(period, dict.fromkeys(range(first, begin), 0.0) | known, first, config)
            value = value if value is not None else 0.0
            values.append(max(value, 0.0) if config.negative_rule == "clip" else value)
            observed.append(is_observed)
        result.first[key], result.values[key], result.observed[key] = first, values, observed
        counts["gaps_filled"] += gaps
        counts["series_with_gaps"] += gaps > 0
        counts["rows_before_history"] += sum(period < first for period in known)
        counts["ended_series"] += config.cutoff_rule == "common" and cutoff not in known
    result.counts = counts
    return result


def gap_value(period: int, known: Mapping[int, float], first: int, config: ForecastConfig) -> float | None:
    """Return the value of a gap."""
    used = [value for each, value in known.items() if each >= first]
    if config.gap_rule == "value":
        return config.gap_value
    if config.gap_rule == "mean":
        return float(np.mean(used)) if used else 0.0
    if config.gap_rule == "median":
        return float(np.median(used)) if used else 0.0
    if config.gap_rule not in ("carry_forward", "interpolate"):
        return None
    before = max(earlier for earlier in known if earlier < period)
    after = min((later for later in known if later > period), default=None)
    if config.gap_rule == "carry_forward" or after is None:
        return known[before]
    # The values before the used history count as one at its begin.
    begin = max(before, first)
    return known[before] + (known[after] - known[before]) * (period - begin) / (after - begin)


def random_rows(random: np.random.Generator, cutoff: int) -> dict[str, dict[int, float | None]]:
    """Return rows with gaps, nulls, negatives, late launches, ended series, empty series and rows after the cutoff."""
    rows: dict[str, dict[int, float | None]] = {}
    for number in range(12):
        begin = cutoff - int(random.integers(-2, 30))
        end = min(cutoff + 3, begin + int(random.integers(0, 35)))
        density = random.choice([0.2, 0.7, 1.0])
        each: dict[int, float | None] = {
            period: None if random.random() < 0.15 else float(random.integers(-3, 10))
            for period in range(begin, end + 1)
            if random.random() < density
        }
        if number == 0:
            each = dict.fromkeys(each, None)
        if each:
            rows[f"S{number:02d}"] = each
    return rows


def shuffle(rows: Rows, folder: Path, random: np.random.Generator, *, shards: int, writers: int) -> None:
    """Write rows to shards in random order and random batches, with several writers."""
    flat = [(key, period, value) for key, each in rows.items() for period, value in each.items()]
    random.shuffle(flat)
    frame = pl.DataFrame(flat, schema={"unique_id": pl.String, MOMENT: pl.Int32, VALUE: pl.Float32}, orient="row")
    frame = frame.with_columns(pl.Series(MOMENT, CALENDAR.moments(frame[MOMENT].to_numpy())))
    into = [ShuffleWriter(folder, writer, shards, ("unique_id",)) for writer in range(writers)]
    while frame.height:
        size = int(random.integers(1, 60))
        into[int(random.integers(writers))].add(frame[:size])
        frame = frame[size:]
    for writer in into:
        writer.close()


def aligned(
    folder: Path, calendar: Calendar, config: ForecastConfig, *, shards: int, values_per_panel: int
) -> tuple[Panel, Repairs, list[int]]:
    """Return one panel with the series of all shards, the repairs, and the number of values of each panel."""
    panels, total = [], Repairs()
    for number in range(shards):
        shard = read_shard(folder, number, config.key)
        if shard is None:
            continue
        periods = CALENDAR.periods(shard.moment)
        for panel, series_in_shard, repairs in align(
            shard, periods, calendar, config, values_per_panel=values_per_panel
        ):
            assert panel.keys.equals(shard.keys[series_in_shard])
            panels.append(panel)
            total += repairs
    return Panel.stack(panels), total, [len(panel.values) for panel in panels]


@pytest.mark.parametrize("cutoff_rule", ["common", "series"])
@pytest.mark.parametrize("gap_rule", ["zero", "carry_forward", "interpolate", "mean", "median", "value"])
@pytest.mark.parametrize("history", [None, 1, 8])
@pytest.mark.parametrize("start_rule", ["first_value", "zero"])
def test_alignment_agrees_with_the_reference(
    tmp_path: Path, cutoff_rule: str, gap_rule: str, history: int | None, start_rule: str
) -> None:
    random = np.random.default_rng(7)
    config = configured(cutoff_rule=cutoff_rule, gap_rule=gap_rule, gap_value=7.5 if gap_rule == "value" else 0)
    for trial in range(30):
        config = config.model_copy(update={"history": history, "negative_rule": ["clip", "keep"][trial % 2]})
        cutoff = 100
        rows = random_rows(random, cutoff)
        rows["LAST"] = {cutoff: 1.0}
        begins = sorted(period for each in rows.values() for period, value in each.items() if value is not None)
        common = begins[int(random.choice([0, 5]))]  # after a few strays, or with the first
        calendar = Calendar(CALENDAR, cutoff, first=common if start_rule == "zero" else None)
        shards, largest = int(random.integers(1, 5)), int(random.choice([1, 10, 40, 1000]))
        shuffle(rows, tmp_path, random, shards=shards, writers=int(random.integers(1, 4)))
        panel, repairs, sizes = aligned(tmp_path, calendar, config, shards=shards, values_per_panel=largest)
        expected = reference(rows, calendar, config)

        assert panel.keys["unique_id"].to_list() == list(expected.values)
        assert panel.first_period.tolist() == list(expected.first.values())
        assert panel.lengths.tolist() == [len(values) for values in expected.values.values()]
        np.testing.assert_allclose(panel.values, [value for values in expected.values.values() for value in values])
        assert panel.observed.tolist() == [seen for each in expected.observed.values() for seen in each]
        assert repairs.to_dict() == expected.counts
        assert max(sizes) < largest + int(panel.lengths.max())
        assert not list(tmp_path.iterdir())  # reading a shard deletes its files


def test_future_rows_without_values_are_not_demand(tmp_path: Path) -> None:
    future = pl.DataFrame(
        {"unique_id": ["A"], "ds": [date(2026, 11, 23)], "y": [None]}, schema_overrides={"y": pl.Float64}
    )
    demand = pl.concat([series({"A": [1.0, 2.0], "B": [3.0, 4.0]}), future])
    for rule in ("common", "series"):
        panel, repairs = panel_of(tmp_path / rule, demand, cutoff_rule=rule)
        assert panel.values.tolist() == [1.0, 2.0, 3.0, 4.0]
        assert repairs.ended_series == 0


def test_a_row_without_a_value_can_end_a_series(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "unique_id": ["A"] * 3,
            "ds": [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)],
            "y": [4.0, 5.0, None],
        }
    )
    later = series({"B": [1.0, 1.0]}, last=date(2026, 11, 23))
    for gap_rule, filled in (("zero", 0.0), ("carry_forward", 5.0)):
        panel, _ = panel_of(tmp_path / gap_rule, pl.concat([frame, later]), cutoff_rule="series", gap_rule=gap_rule)
        assert panel.frequency.label_of(int(panel.last_period[0])) == date(2026, 11, 16)
        assert panel.values[:3].tolist() == [4.0, 5.0, filled]


@pytest.mark.parametrize(
    ("settings", "values", "observed"),
    [
        ({"gap_rule": "missing"}, [4, 6, 5, 8, 0, 0], [True, True, False, True, True, True]),
        ({"gap_rule": "carry_forward"}, [4, 6, 6, 8, 0, 0], [True, True, False, True, True, True]),
        ({"gap_rule": "zero", "end_rule": "missing"}, [4, 6, 0, 8, 4, 4], [True, True, True, True, False, False]),
        ({"gap_rule": "missing", "end_rule": "missing"}, [4, 6, 5, 8, 6, 6], [True, True, False, True, False, False]),
    ],
)
def test_the_gap_rule_concerns_gaps_and_the_end_rule_the_end(
    tmp_path: Path, settings: dict[str, str], values: list[float], observed: list[bool]
) -> None:
    demand = pl.concat([series({"A": [4.0, 6.0, None, 8.0, None, None]}), series({"B": [1.0] * 6})])
    panel, repairs = panel_of(tmp_path, demand.drop_nulls(), **settings)
    assert panel.values[:6].tolist() == values
    assert panel.observed[:6].tolist() == observed
    assert panel.observed[6:].all()
    assert (repairs.gaps_filled, repairs.ended_series, repairs.periods_out_of_stock) == (1, 1, 0)


def test_every_series_can_begin_with_the_first_demand(tmp_path: Path) -> None:
    demand = pl.concat([series({"A": [None, 4.0, 6.0]}), series({"B": [1.0] * 5})]).drop_nulls()
    panel, repairs = panel_of(tmp_path, demand, start_rule="zero")
    assert panel.values.tolist() == [0.0, 0.0, 0.0, 4.0, 6.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert panel.observed.all()
    assert (repairs.periods_before_first_value, repairs.gaps_filled) == (3, 0)
