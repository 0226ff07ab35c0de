import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from job_code.report.published_run import PeriodTotals, PublishedRun, RunComparison, UnusableManifestError
from job_code.series.frequency import Frequency
from tests.demand import run_job, shop

WEEKLY = Frequency("W-MON")
CUTOFF = WEEKLY.period_of(date(2026, 11, 16))
MANIFEST: dict[str, Any] = {
    "run_id": "r-1",
    "cutoff": "2026-11-09",
    "frequency": "W-MON",
    "series": 5,
    "total": {"2026-11-16": 90.0, "2026-11-23": 100.0, "2026-11-30": 110.0},
    "metrics": {"forecast": {"wape": 0.2, "bias": None}},
}


def written(folder: Path, content: Any) -> Path:
    path = folder / "_manifest.json"
    path.write_text(json.dumps(content))
    return path


def compared(run: PublishedRun, frequency: Frequency = WEEKLY, cutoff: int = CUTOFF) -> RunComparison:
    return RunComparison.of(run, frequency, cutoff, total=np.array([120.0, 111.0, 7.0]), recent=np.array([70.0, 81.0]))


def test_a_manifest_is_read_from_a_file_or_a_folder(tmp_path: Path) -> None:
    run = PublishedRun.read(written(tmp_path, MANIFEST))
    assert (run.run_id, run.cutoff, run.series, run.wape, run.bias) == ("r-1", "2026-11-09", 5, 0.2, None)
    assert run == PublishedRun.read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "is not a valid manifest: Input should be"),
        ({}, "is not a valid manifest: run_id: Field required"),
        ({**MANIFEST, "metrics": {}}, "is not a valid manifest: metrics.forecast: Field required"),
        ({**MANIFEST, "cutoff": "soon"}, "cutoff: 'soon' is not the label of a period"),
        ({**MANIFEST, "total": {"2026-11-16": float("nan")}}, "total.2026-11-16: Input should be a finite number"),
        ({**MANIFEST, "total": {"2026-11-16": [1]}}, "total.2026-11-16: Input should be a valid number"),
        ({**MANIFEST, "total": [1]}, "total: Input should be"),
        ({**MANIFEST, "series": float("inf")}, "series: Input should be a finite number"),
    ],
)
def test_an_invalid_manifest_is_an_error_that_names_the_field(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(UnusableManifestError, match=message):
        PublishedRun.read(written(tmp_path, content))


def test_a_missing_manifest_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.json"):
        with pytest.raises(UnusableManifestError, match="cannot be read: No such file"):
            PublishedRun.read(path)


def test_a_published_total_without_common_periods_is_not_drawn(tmp_path: Path) -> None:
    demand = shop(3, 60)
    (tmp_path / "manifest").mkdir()
    far = written(tmp_path / "manifest", {**MANIFEST, "total": {"9999-12-27": 5.0, "1850-01-07": 1.0}})
    page = run_job(tmp_path, demand, published=far).report
    assert "Its forecast has no period in common with this run." in page


def test_runs_are_compared_over_their_common_periods(tmp_path: Path) -> None:
    run = PublishedRun.read(written(tmp_path, MANIFEST))
    comparison = compared(run)
    assert comparison.expected == PeriodTotals("2026-11-23", "2026-11-30", published=210.0, current=231.0)
    assert comparison.expected.drift == pytest.approx(0.1)
    assert comparison.observed == PeriodTotals("2026-11-16", "2026-11-16", published=90.0, current=81.0)


def test_runs_without_a_common_period_are_not_compared(tmp_path: Path) -> None:
    run = PublishedRun.read(written(tmp_path, MANIFEST))
    for far in (compared(run, cutoff=CUTOFF + 9), compared(run, Frequency("MS"), cutoff=2026 * 12 + 10)):
        assert (far.expected, far.observed) == (None, None)
    assert PeriodTotals("2026-11-16", "2026-11-16", published=0.0, current=5.0).drift is None


def test_the_report_shows_both_runs(tmp_path: Path) -> None:
    demand = shop(8, 110)
    earlier = run_job(tmp_path / "earlier", demand, cutoff="2026-11-02", horizon=8)
    manifest = earlier.forecast_folder / "_manifest.json"
    page = run_job(tmp_path / "later", demand, published=manifest, horizon=8).report
    assert "Compared with the published run" in page
    assert "Forecast from 2026-11-23 to 2026-12-28, in both runs" in page
    assert "From 2026-11-09 to 2026-11-16, observed since" in page
    assert '<i class="line published"></i>published run</li>' in page


def test_an_unusable_published_manifest_does_not_fail_the_run(tmp_path: Path) -> None:
    written(tmp_path, {})
    finished = run_job(tmp_path, shop(3, 60), published=tmp_path / "_manifest.json")
    assert "Compared with the published run" not in finished.report
