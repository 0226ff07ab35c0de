"""The job on one core and on two."""

import os
from pathlib import Path

import pytest

from benchmarks.speed.bench import main
from benchmarks.speed.process_tree import supported
from benchmarks.speed.results import load

pytestmark = [pytest.mark.nightly, pytest.mark.skipif(not supported(), reason="the benchmark runs on Linux")]

NOTHING_ELSE = ["--series", "--plain", "--full", "--weeks", "80", "--cores-series", "60"]


def test_the_job_runs_on_each_possible_number_of_cores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*NOTHING_ELSE, "--folder", str(tmp_path / "work"), "--results", str(tmp_path / "results.json")]
    main(arguments)
    runs = load(tmp_path / "results.json").cores[60]
    available = len(os.sched_getaffinity(0))
    assert list(runs) == [1, 2][:available]
    for run in runs.values():
        assert run.failure is None
        assert {"read", "check", "fit", "predict", "report"} <= set(run.stages)
        assert run.seconds > sum(run.stages.values())
    printed = capsys.readouterr().out
    assert "60 series on one core and on two" in printed
    assert ("Not comparable: one of the two runs is missing." in printed) == (available == 1)
    main([*arguments, "--resume"])
    assert load(tmp_path / "results.json").cores[60] == runs
