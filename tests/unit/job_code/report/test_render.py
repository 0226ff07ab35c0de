import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

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

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [
            value or "" for name, value in attributes if name in ("src", "href", "xlink:href", "action")
        ]


def parsed(page: str) -> Page:
    result = Page()
    result.feed(page)
    return result


def test_the_page_is_self_contained(finished: Finished) -> None:
    page = parsed(finished.report)
    assert {"script", "link", "img", "iframe", "object"}.isdisjoint(page.tags)
    assert all(reference.startswith("#") for reference in page.references)
    assert not re.search(r"url\((?!['\"]?#)|@import", finished.report)
    assert len(finished.report) < 2_000_000


def test_keys_are_escaped(finished: Finished) -> None:
    assert "<script" not in finished.report
    assert "<b>odd</b>" not in finished.report
    assert "&lt;b&gt;odd&lt;/b&gt;" in finished.report


def test_the_page_has_the_figures_of_the_manifest(finished: Finished) -> None:
    text = re.sub(r"<svg.*?</svg>", "", finished.report, flags=re.DOTALL)
    metrics = finished.manifest["metrics"]
    for figure in (metrics["forecast"]["wape"], metrics["seasonal_naive"]["wape"], metrics["forecast"]["coverage"]):
        assert f"{figure:.1%}" in text
    for word in ("2026-11-16", "series without", "the-run", "learning_rate", "lightgbm", "younger than a season"):
        assert word in text
    assert finished.report.count("<svg") >= 6
    assert "Unused columns" in text


def test_charts_do_not_share_element_ids(finished: Finished) -> None:
    """Browsers find a clip path by its id in the whole page. Different paths with the same id would clip wrongly."""
    paths: dict[str, set[str]] = {}
    for name, body in re.findall(r'<clipPath id="([^"]+)">(.*?)</clipPath>', finished.report, flags=re.DOTALL):
        paths.setdefault(name, set()).add(" ".join(body.split()))
    assert paths
    assert all(len(bodies) == 1 for bodies in paths.values())


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
    assert not re.search(r">\s*nan%?\s*<|>\s*None\s*<", page)


def test_the_page_names_a_history_that_is_too_short_for_a_backtest(tmp_path: Path) -> None:
    finished = run_job(tmp_path, series({"one": [5.0]}), frequency="W-MON")
    assert "too short for a backtest" in finished.report
    assert finished.manifest["metrics"]["forecast"]["wape"] is None
