import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from job_code.evaluation.chart_data import ChartData, SeriesChartData
from job_code.report.render import render
from job_code.training.example_series import MAX_NAME, MAX_RANDOM_SERIES, MAX_RANDOM_VALUES
from tests.demand import Finished, run_job, series, shop


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    names = {"A000": "<script>alert(1)</script>", "A001": "a\"&'b", "A002": "größe $x_1$ 商品"}
    values = {"dead": [3.0] * 10 + [0.0] * 80, "zero": [0.0] * 60, "new": [4.0, 5.0, 6.0]}
    demand = pl.concat([shop(25, 90), series(values)]).with_columns(pl.col("unique_id").replace(names))
    static = pl.DataFrame({"unique_id": ["new"], "<b>odd</b>": [[1]]})
    return run_job(tmp_path_factory.mktemp("report"), demand, static={"a.parquet": static})


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.ids: list[str] = []
        self.policy = ""
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = {name: value or "" for name, value in attributes}
        self.references += [named[name] for name in ("src", "href", "xlink:href", "action") if name in named]
        self.ids += [named[name] for name in ("id",) if name in named]
        if named.get("http-equiv") == "Content-Security-Policy":
            self.policy = named["content"]

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and data.strip():
            self.scripts.append(data)


def parsed(page: str) -> Page:
    result = Page()
    result.feed(page)
    return result


def test_the_page_is_self_contained(finished: Finished) -> None:
    page = parsed(finished.report)
    assert {"link", "img", "iframe", "object"}.isdisjoint(page.tags)
    assert page.tags.count("script") == 2
    assert page.references
    assert all(reference.startswith("#") for reference in page.references)
    assert {reference[1:] for reference in page.references} <= {*page.ids}
    assert len(page.ids) == len({*page.ids})
    assert not re.search(r"url\(|@import", finished.report)


def test_the_policy_of_the_page_allows_its_own_script_alone(finished: Finished) -> None:
    page = parsed(finished.report)
    _, script = page.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}';" in page.policy


def test_keys_are_escaped(finished: Finished) -> None:
    assert "<script>alert" not in finished.report
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in finished.report
    assert "<b>odd</b>" not in finished.report
    assert "&lt;b&gt;odd&lt;/b&gt;" in finished.report
    names = [series["name"] for series in json.loads(parsed(finished.report).scripts[0])["series"]]
    assert {"<script>alert(1)</script>", "a\"&'b", "größe $x_1$ 商品"} <= {*names}


def test_the_page_has_the_numbers_of_every_series(finished: Finished) -> None:
    data = json.loads(parsed(finished.report).scripts[0])
    assert len(data["series"]) == finished.manifest["series"]
    for listed in data["series"]:
        chart = data["charts"][listed["chart"]]
        band, demand, forecast = chart["marks"]
        stored = finished.of(listed["name"]).sort("ds")
        assert forecast["values"] == pytest.approx(stored["mean"].to_list(), rel=1e-3)
        assert band["values"] == pytest.approx(stored["q10"].to_list(), rel=1e-3)
        assert band["to"] == pytest.approx(stored["q90"].to_list(), rel=1e-3)
        first = chart["first"] + forecast["start"]
        days = data["periods"][first : first + len(stored)]
        assert days == stored["ds"].dt.strftime("%Y-%m-%d").to_list()
        assert forecast["start"] == len(demand["values"])


def test_the_same_run_gives_the_same_page(finished: Finished) -> None:
    charts = ChartData(backtest=None, series=(long_series("a", 9, 4),), recent=(1.0, 2.0), is_full_population=True)
    first, second = (render(finished.manifest, finished.manifest["data_quality"], charts, None) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("periods", "horizon"), [(104, 12), (728, 366), (24, 12)], ids=["weekly", "daily", "monthly"])
def test_the_largest_page_is_below_two_megabytes(finished: Finished, periods: int, horizon: int) -> None:
    count = min(MAX_RANDOM_SERIES, MAX_RANDOM_VALUES // (periods + 3 * horizon))
    name = "<" * MAX_NAME  # the longest when escaped
    series = tuple(long_series(name, periods, horizon, reason=None if at >= 7 else "median") for at in range(count + 7))
    charts = ChartData(backtest=None, series=series, recent=(1.0, 2.0), is_full_population=True)
    assert len(render(finished.manifest, finished.manifest["data_quality"], charts, None).encode()) < 2_000_000


def long_series(name: str, periods: int, horizon: int, *, reason: str | None = "median") -> SeriesChartData:
    """Build a series with numbers of many digits."""
    random = np.random.default_rng(periods)
    demand, mean, low, high = (
        tuple((1000 + 99_000 * random.random(count)).tolist()) for count in (periods, horizon, horizon, horizon)
    )
    return SeriesChartData(
        name=name, reason=reason, first_period="2024-11-25", demand=demand, mean=mean, low=low, high=high
    )


def test_the_page_has_the_figures_of_the_manifest(finished: Finished) -> None:
    text = re.sub(r"<svg.*?</svg>", "", finished.report, flags=re.DOTALL)
    metrics = finished.manifest["metrics"]
    for figure in (metrics["forecast"]["wape"], metrics["seasonal_naive"]["wape"], metrics["forecast"]["coverage"]):
        assert f"{figure:.1%}" in text
    for word in ("2026-11-16", "series without", "the-run", "learning_rate", "lightgbm", "younger than a season"):
        assert word in text
    assert finished.report.count("<svg") >= 6
    assert "Unused columns" in text


@pytest.mark.parametrize(
    "demand",
    [
        series({"one": [5.0]}),
        series({"zero": [0.0] * 60}),
        series({"zero": [0.0]}),
        series({"dead": [5.0] + [0.0] * 70, "new": [1.0]}),
        shop(2, 800, frequency="D"),
        shop(2, 30, frequency="ME"),
    ],
    ids=["one value", "zeros", "one zero", "dead and new", "daily", "monthly"],
)
def test_the_page_is_rendered_for_little_or_unusual_demand(tmp_path: Path, demand: pl.DataFrame) -> None:
    settings: dict[str, Any] = {"frequency": "W-MON"} if demand["ds"].n_unique() == 1 else {}
    page = run_job(tmp_path, demand, **settings).report
    assert "</html>" in page
    assert not re.search(r">\s*nan%?\s*<|>\s*None\s*<|NaN", page)


def test_the_page_names_a_history_that_is_too_short_for_a_backtest(tmp_path: Path) -> None:
    finished = run_job(tmp_path, series({"one": [5.0]}), frequency="W-MON")
    assert "too short for a backtest" in finished.report
    assert finished.manifest["metrics"]["forecast"]["wape"] is None
