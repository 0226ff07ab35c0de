"""Demand with more than one shard: several processes share the work, and all of them end with the run."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from job_code.series.frequency import Frequency
from tests.demand import LAST, RUN, Finished, write
from tests.end_to_end.conftest import Job, start

SERIES, WEEKS = 30_000, 150  # 4.5 million rows
SETTINGS = ("--set", "n_estimators=20", "--set", "horizon=3", "--set", "sample_rows=100000", "--run-id", RUN)

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the processes of a run in /proc")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random = np.random.default_rng(0)
    end = Frequency("W-MON").period_of(LAST)
    level = random.lognormal(0, 1, SERIES)
    files = {}
    for number, weeks in enumerate(np.array_split(np.arange(end - WEEKS + 1, end + 1), 3)):
        frame = pl.DataFrame(
            {
                "unique_id": np.repeat(np.arange(SERIES), len(weeks)),
                "ds": np.tile(weeks.astype(np.int32), SERIES),
                "y": random.poisson(np.repeat(level, len(weeks))).astype(np.int32),
            }
        )
        files[f"{number}.parquet"] = frame.with_columns(Frequency("W-MON").labels(frame["ds"].to_numpy()).alias("ds"))
    return write(tmp_path_factory.mktemp("many"), files)


def children(process: int) -> set[int]:
    """Return the descendants of a process."""
    below = {
        int(child)
        for task in Path(f"/proc/{process}/task").iterdir()
        for child in (task / "children").read_text().split()
    }
    return below.union(*(children(child) for child in below))


def wait_for_workers(job: Job) -> set[int]:
    """Wait until processes share the work, and return their ids."""
    end = time.monotonic() + 60
    while len(found := children(job.process.pid)) < 3:  # two workers, and multiprocessing's own helper
        assert job.process.poll() is None, job.log.read_text()
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def ended(processes: set[int], seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while any(Path(f"/proc/{process}").exists() for process in processes):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="on one core, one process does all the work")
def test_a_stopped_or_killed_run_leaves_no_processes_and_the_next_run_is_complete(tmp_path: Path, many: Path) -> None:
    arguments = ("train", "--demand", many, "--output", tmp_path / "out", *SETTINGS)

    job = start(tmp_path, *arguments)  # stopped
    workers = wait_for_workers(job)
    job.wait_for_log("read: ")
    job.process.send_signal(signal.SIGTERM)
    stopped = job.end()
    assert stopped.code == 128 + signal.SIGTERM
    assert "[Stopped] stopped by SIGTERM: nothing was written" in stopped.err
    assert "Traceback" not in stopped.err
    assert ended(workers)
    assert list((tmp_path / "out").iterdir()) == []

    job = start(tmp_path, *arguments)  # the system kills a worker, as if memory ran out
    victim = max(wait_for_workers(job))
    job.wait_for_log("read: ")
    os.kill(victim, signal.SIGKILL)
    broken = job.end()
    assert broken.code == 1
    assert "[OutOfMemory] the system killed a worker process, usually because memory ran out" in broken.err
    assert "Traceback" not in broken.err
    assert list((tmp_path / "out").iterdir()) == []

    job = start(tmp_path, *arguments)  # the job is killed while it writes forecasts
    workers = wait_for_workers(job)
    job.wait_for_log("fit: ")
    job.process.kill()
    job.end()
    assert ended(workers)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f".unfinished-{RUN}"]

    job = start(tmp_path, *arguments)
    workers = wait_for_workers(job)
    assert job.end().code == 0, job.log.read_text()
    assert ended(workers)
    finished = Finished(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["forecasts", "models", "reports"]
    forecasts = finished.forecasts
    assert forecasts.height == forecasts.select("unique_id", "ds").n_unique() == SERIES * 3
    assert len(finished.parts) == len(finished.manifest["files"]) == 2
    assert 60_000 < finished.manifest["sample"]["rows"] < 140_000
    assert "training on" in job.log.read_text()
