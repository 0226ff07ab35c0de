"""The whole benchmark on a few series."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.speed import bench
from benchmarks.speed.bench import main
from benchmarks.speed.measure_process import ROOT
from benchmarks.speed.process_tree import supported
from benchmarks.speed.results import JOB, JOB_ON_EVERYTHING, PLAIN, Results, load
from job_code.forecasting.model_document import RESIDUAL_SCALE

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not supported(), reason="the benchmark runs on Linux"),
    pytest.mark.usefixtures("one_core"),
]

SIZE = "60"
SIZES = ["--series", SIZE, "--plain", SIZE, "--full", SIZE, "--cores-series", "0"]
SIZES += ["--plain-variants", "level", "--weeks", "80"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    folder = tmp_path_factory.mktemp("bench")
    main([*SIZES, "--folder", str(folder / "work"), "--results", str(folder / "results.json")])
    return folder, load(folder / "results.json")


def test_all_programs_are_measured(measured: tuple[Path, Results]) -> None:
    _, results = measured
    scaling = results.scaling[60].run
    comparison = results.comparisons[60]
    assert list(comparison.runs) == [JOB, PLAIN + "level", JOB_ON_EVERYTHING]
    for run in (scaling, *comparison.runs.values()):
        assert run.failure is None
        assert run.seconds > sum(run.stages.values())
        assert 50e6 < run.peak_memory < 2e9
        assert run.peak_stage in {*run.stages, "report", "end"}
        assert run.output > 0
        assert run.series <= 60
    assert list(scaling.stages)[:2] == ["read", "check"]
    assert scaling.peak_disk >= scaling.output
    for run in (scaling, comparison.runs[JOB], comparison.runs[JOB_ON_EVERYTHING]):
        assert run.limit is not None
        assert run.limit.cores == 1
        assert {"dense", "intermittent"} >= set(run.limit.forecasts) - {RESIDUAL_SCALE}
        assert 0 < sum(run.limit.forecasts.values()) <= 2 * 60 * 12
        assert set(run.limit.microseconds["LightGBM"]) == set(run.limit.forecasts)
        assert 0 < run.limit.seconds < run.seconds
    assert comparison.runs[PLAIN + "level"].limit is None
    for run in comparison.runs.values():
        assert run.scores is not None
        assert 0 < run.scores.wape < 3
        assert (run.scores.wql is None) == (run is comparison.runs[PLAIN + "level"])
    # The sample has all of these few rows, so the forecasts and the scores are equal.
    assert comparison.runs[JOB].scores == comparison.runs[JOB_ON_EVERYTHING].scores


def test_the_folder_is_empty_afterwards(measured: tuple[Path, Results]) -> None:
    folder, _ = measured
    assert list((folder / "work").iterdir()) == []


def test_resuming_measures_only_what_is_missing(
    measured: tuple[Path, Results], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, results = measured
    arguments = [*SIZES, "--folder", str(folder / "work"), "--results", str(folder / "results.json"), "--resume"]
    main(arguments)
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith(results.machine.processor)
    assert load(folder / "results.json") == results
    with pytest.raises(SystemExit, match="has results of another host or --weeks"):
        main([*arguments, "--weeks", "81"])


def test_a_timeout_is_a_result_and_existing_demand_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "benchmarks.generator", "--series", "30", "--weeks", "72"]
    subprocess.run([*command, "--output", str(tmp_path / "30x72")], cwd=ROOT, check=True, capture_output=True)
    existing = sorted((tmp_path / "30x72/demand").iterdir())
    monkeypatch.setattr("benchmarks.speed.run_benchmark.ComparisonSpec.programs", [PLAIN + "level"])
    options = ["--series", "--full", "--plain", "30", "--cores-series", "0", "--plain-timeout", "0.5", "--weeks", "60"]
    main([*options, "--folder", str(tmp_path), "--results", str(tmp_path / "r.json")])
    printed = capsys.readouterr()
    assert "| plain MLForecast, level | stopped after " in printed.out
    assert "generate" not in printed.err
    assert sorted((tmp_path / "30x72/demand").iterdir()) == existing


def test_sigterm_ends_the_benchmark_and_removes_its_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.speed", *SIZES, "--folder", str(tmp_path / "work")]
    with subprocess.Popen(
        [*command, "--results", str(tmp_path / "r.json")], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        deadline = time.monotonic() + 60
        while "run job" not in running.stderr.readline():
            assert time.monotonic() < deadline
        running.send_signal(signal.SIGTERM)
        errors = running.stderr.read()
    assert running.returncode == bench.STOPPED
    assert errors.rstrip().endswith("stopped; continue with --resume")
    assert "Traceback" not in errors
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--folder", "/dev/shm/bench-test"],
            "is in memory, which the benchmark cannot measure; set --folder to a disk",
        ),
        (["--results", "no/such/results.json"], "cannot write no/such/results.json: the folder no/such does not exist"),
    ],
)
def test_an_invalid_folder_is_an_immediate_error(options: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        main([*options, "--series", "--plain", "--full"])
