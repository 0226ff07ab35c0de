"""The guard of the speedup over plain MLForecast."""

from pathlib import Path

import pytest

from benchmarks.ratio_guard import RESULTS, committed_ratio, main
from benchmarks.speed.process_tree import supported
from benchmarks.speed.results import JOB, Results, ResultsFile, load

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not supported(), reason="the benchmark runs on Linux"),
    pytest.mark.usefixtures("one_core"),
]

COMMITTED = load(RESULTS)


def committed(folder: Path, job_seconds: float) -> Path:
    """Write the committed comparison as a comparison at 60 series with the given seconds of the job."""
    before = COMMITTED.comparisons[100_000]
    runs = {**before.runs, JOB: before.runs[JOB].model_copy(update={"seconds": job_seconds})}
    file = ResultsFile(folder / "results.json", COMMITTED.model_copy(update={"weeks": 80, "comparisons": {}}))
    file.add_comparison(60, before.model_copy(update={"runs": runs}))
    return file.path


@pytest.mark.parametrize(("job_seconds", "code"), [(1e6, 0), (1e-6, 1)], ids=["better", "worse"])
def test_fails_if_the_ratio_is_much_worse_than_the_committed_ratio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], job_seconds: float, code: int
) -> None:
    file = committed(tmp_path, job_seconds)
    (tmp_path / "work").mkdir()
    assert main(["--results", str(file), "--folder", str(tmp_path / "work")]) == code
    printed = capsys.readouterr().out
    assert "has no comparison at 100,000 series; the guard uses 60 series" in printed
    assert "60 series: " in printed
    assert ("target missed: " in printed) == (code == 1)
    assert list((tmp_path / "work").iterdir()) == []


def test_the_requested_size_counts_if_it_exists() -> None:
    series, times = committed_ratio(COMMITTED, 100_000)
    runs = COMMITTED.comparisons[100_000].runs
    assert (series, times) == (100_000, runs["plain MLForecast, quantiles"].seconds / runs[JOB].seconds)


def test_results_without_both_programs_are_an_error() -> None:
    with pytest.raises(SystemExit, match="no size with both job and plain MLForecast, quantiles"):
        committed_ratio(Results(machine=COMMITTED.machine, weeks=156), 100_000)
