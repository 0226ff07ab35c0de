"""A report of a real run, open in a real browser."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import HOW_TO_INSTALL, find_chromium, launched
from tests.demand import Finished, run_job, series, shop

HOSTILE = "</script><img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
DEVICES: dict[str, Any] = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True},
}


@dataclass
class Opened:
    """An open page, with everything it logged and requested."""

    page: Page
    logged: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_INSTALL)
    with launched(path) as started:
        yield started


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run the job twice. The second run compares itself with the first."""
    values = {HOSTILE: [9000.0 + at % 50 for at in range(130)], "dead": [3.0] * 40 + [0.0] * 70, "new": [4.0, 5.0, 6.0]}
    demand = pl.concat([shop(40, 130), series(values)])
    folder = tmp_path_factory.mktemp("runs")
    earlier = run_job(folder / "earlier", demand, cutoff="2026-10-05", horizon=12)
    static = {"a.parquet": pl.DataFrame({"unique_id": ["new"], "<img src=x onerror=alert(1)>": [[1]]})}
    return run_job(folder / "later", demand, published=earlier.forecast_folder, static=static, horizon=12)


@pytest.fixture(scope="session")
def report(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(finished.report, encoding="utf-8")
    return file


@pytest.fixture
def open_report(browser: Browser, report: Path) -> Iterator[Callable[..., Opened]]:
    contexts: list[BrowserContext] = []

    def opened(device: str = "desktop", scheme: str = "light", *, scripts: bool = True) -> Opened:
        context = browser.new_context(
            **DEVICES[device],
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=scripts,
        )
        contexts.append(context)
        result = Opened(context.new_page())
        result.page.on("console", lambda message: result.logged.append(message.text))
        result.page.on("pageerror", lambda error: result.logged.append(str(error)))
        result.page.on("request", lambda request: result.requested.append(request.url))
        result.page.goto(report.as_uri())
        return result

    yield opened
    for context in contexts:
        context.close()
