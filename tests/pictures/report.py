"""Photograph the report of a run on the synthetic demand of `make run`."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page

from cli.environment import read_settings
from cli.rehearsal.synthetic_demand import SyntheticDemand, write_demand
from job_code.entrypoints.run import run
from job_code.run_request import RunRequest
from job_code.runtime.output_store import LocalOutput
from job_code.runtime.process_pool import ProcessPool
from job_code.runtime.progress import Progress
from tests.chromium import HOW_TO_INSTALL, find_chromium, launched

RUN_ID, CREATED = "onejob-dev-20261123-060000", "2026-11-23 06:00"
WIDTH, MARGIN = 1200, 20


def draw_report(folder: Path) -> Iterator[Path]:
    """Write `report-light.png` and `report-dark.png`.

    Args:
        folder: Folder of the pictures.
    """
    path = find_chromium()
    if path is None:
        raise SystemExit(HOW_TO_INSTALL)
    with tempfile.TemporaryDirectory() as scratch, launched(path) as browser:
        page_file = _report_of_a_run(Path(scratch))
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": WIDTH, "height": 1500},
                color_scheme=scheme,
            )
            page.goto(page_file.as_uri())
            _point_at_forecast(page)
            file = folder / f"report-{scheme}.png"
            selected = page.locator("#lookup").bounding_box()
            assert selected is not None
            bottom = selected["y"] + selected["height"] + MARGIN
            page.screenshot(path=file, clip={"x": 0, "y": 0, "width": WIDTH, "height": bottom})
            yield file


def _report_of_a_run(folder: Path) -> Path:
    """Run the job in this process. Its report has a fixed time, so that the picture is the same each time."""
    write_demand(SyntheticDemand(), folder / "input")
    scratch = folder / "scratch"
    scratch.mkdir()
    request = RunRequest(
        run_id=RUN_ID,
        partition="all",
        inputs={each.name: each for each in (folder / "input").iterdir()},
        config=read_settings("dev").forecast,
    )
    output, progress = LocalOutput(folder / "out", RUN_ID), Progress(io.StringIO())
    with ProcessPool(2) as workers:
        manifest = run(request, output, workers=workers, progress=progress, folder=scratch)
    page = (folder / "out" / request.keys.report).read_text(encoding="utf-8")
    file = folder / "report.html"
    created = manifest["created_at"][:16].replace("T", " ")
    shown = f"created {created} UTC"
    assert page.count(shown) == 1
    file.write_text(page.replace(shown, f"created {CREATED} UTC"), encoding="utf-8")
    return file


def _point_at_forecast(page: Page) -> None:
    """Move the pointer to the fifth forecast of the selected series."""
    plot = page.locator("#chosen-plot .plot")
    box = plot.bounding_box()
    assert box is not None
    first, count = (int(plot.get_attribute(f"aria-value{name}") or 0) for name in ("now", "max"))
    page.mouse.move(box["x"] + box["width"] * (first + 4.5) / (count + 1), box["y"] + box["height"] / 2)
