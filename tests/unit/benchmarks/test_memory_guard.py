"""The guard compares the memory of two sizes."""

import re
from pathlib import Path

import pytest

from benchmarks import memory_guard
from benchmarks.speed.process_tree import supported

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not supported(), reason="the benchmark runs on Linux"),
    pytest.mark.usefixtures("one_core"),
]


@pytest.mark.parametrize(("most", "code"), [(10.0, 0), (0.1, 1)])
def test_fails_if_the_memory_grows(
    most: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_guard, "MAX_RATIO", most)
    arguments = ["--series", "30", "--times", "2", "--weeks", "80", "--folder", str(tmp_path)]
    assert memory_guard.main(arguments) == code
    printed = capsys.readouterr().out
    assert re.search(r"^30 series: [\d.]+ GB, in the stage \w+$", printed, re.MULTILINE)
    assert re.search(
        rf"^2 times as many series need [\d.]+ times the memory; .* {most:g} times$", printed, re.MULTILINE
    )
    assert list(tmp_path.iterdir()) == []
