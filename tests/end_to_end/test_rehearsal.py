"""`onejob run` as a user starts it: the CDK CLI, the local cloud, the state machine and the job."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from tests.synthesis import ROOT


@pytest.fixture
def demand(tmp_path: Path) -> Path:
    """Weekly demand of 5 series, anchored on Fridays, in the column names of MLForecast."""
    weeks = [date(2026, 11, 13) - timedelta(weeks=back) for back in range(60)]
    rows = [
        (f"S{series}", week, float((series + number * 3) % 7))
        for series in range(5)
        for number, week in enumerate(weeks)
    ]
    path = tmp_path / "demand.parquet"
    pl.DataFrame(rows, schema=["unique_id", "ds", "y"], orient="row").write_parquet(path)
    return path


def rehearse(output: Path, *arguments: str) -> "subprocess.Popen[str]":
    variables = {"PATH": str(Path(sys.executable).parent), "HOME": str(output), "TMPDIR": str(output)}
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "run", "--output", str(output), *arguments],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_a_rehearsal_writes_the_forecasts_to_disk(demand: Path, tmp_path: Path) -> None:
    process = rehearse(tmp_path, "--demand", str(demand), "--set", "n_estimators=10")
    shown, _ = process.communicate(timeout=400)
    assert process.returncode == 0, shown
    for state in ("Plan", "TrainAndInfer", "CheckRun", "Publish"):
        assert re.search(rf"✓ {state}", shown), shown
    assert "5 x 12 periods of W-FRI" in shown
    manifests = list(tmp_path.glob("*/forecasts/partition=all/run_id=*/_manifest.json"))
    assert len(manifests) == 1
    manifest = json.loads(manifests[0].read_text())
    assert (manifest["cutoff"], manifest["rows"]) == ("2026-11-13", 60)
    assert pl.read_parquet(manifests[0].parent / "part-*.parquet").height == 60
    assert (manifests[0].parents[3] / manifest["report"]).is_file()
    assert list(manifests[0].parents[3].glob("execution/logs/*.log"))


def test_ctrl_c_leaves_nothing_running(demand: Path, tmp_path: Path) -> None:
    process = rehearse(tmp_path, "--demand", str(demand), "--set", "n_estimators=5000")
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if "check:" in line:  # the job runs
            break
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=200)
    assert process.returncode == 130, shown + rest
    time.sleep(0.5)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not list(tmp_path.glob("onejob-cloud-*"))
