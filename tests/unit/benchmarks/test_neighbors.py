"""The job with busy neighbors, and the end of the neighbors."""

import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from benchmarks.neighbors import MAX_RATIO, busy_loops, main
from benchmarks.speed.measure_process import ROOT
from benchmarks.speed.process_tree import process_tree, resident_set_size, supported

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not supported(), reason="the benchmark runs on Linux"),
    pytest.mark.usefixtures("one_core"),
]


def test_compares_the_job_with_the_job_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["--series", "60", "--weeks", "80", "--neighbors", "1", "--folder", str(tmp_path)])
    printed = capsys.readouterr().out
    rows = [line.split(" | ") for line in printed.splitlines() if re.match(r"\| \d", line)]
    assert [row[0] for row in rows] == ["| 0", "| 1"]
    assert rows[0][2] == "1.00"
    assert all(re.fullmatch(r"[\d.]+ \((x [\d.]+)?\)", cell.removesuffix(" |")) for row in rows for cell in row[3:])
    assert ("target missed: " in printed) == (code == 1)
    if (times := float(rows[1][2])) != MAX_RATIO[1]:
        assert (times > MAX_RATIO[1]) == (code == 1)
    assert list(tmp_path.iterdir()) == []


def cpu_ticks(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11])


def test_loops_are_busy_and_end_with_the_block() -> None:
    before = set(process_tree(os.getpid()))
    with busy_loops(2):
        loops = set(process_tree(os.getpid())) - before
        assert len(loops) == 2
        deadline = time.monotonic() + 30
        while min(map(cpu_ticks, loops)) < 20:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert not any(map(resident_set_size, loops))


def test_loops_end_with_a_killed_process() -> None:
    code = """
        import time
        from benchmarks.neighbors import busy_loops
        with busy_loops(1):
            print("busy", flush=True)
            time.sleep(60)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as measuring:
        assert measuring.stdout is not None
        assert measuring.stdout.readline() == "busy\n"
        _, loop = process_tree(measuring.pid)
        measuring.kill()
        measuring.wait()
    deadline = time.monotonic() + 20
    while resident_set_size(loop):
        assert time.monotonic() < deadline
        time.sleep(0.05)
