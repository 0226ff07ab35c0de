"""Processes start before the job imports its libraries if the demand is large, and only then."""

from pathlib import Path

import pytest

from job_code.entrypoints import early_workers
from job_code.entrypoints.early_workers import workers_for


@pytest.fixture
def demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of 120 bytes in two files."""
    monkeypatch.setattr(early_workers, "available_cores", lambda: 2)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "one.csv").write_bytes(b"x" * 100)
    (tmp_path / "a" / "b" / "two.csv").write_bytes(b"x" * 20)
    return tmp_path / "a"


@pytest.mark.parametrize(("worth", "started"), [(120, True), (121, False)])
def test_large_demand_starts_processes(
    demand: Path, monkeypatch: pytest.MonkeyPatch, worth: int, started: bool
) -> None:
    monkeypatch.setattr(early_workers, "WORTH_PROCESSES", worth)
    with workers_for({"demand": demand}) as workers:
        assert workers.count == 2
        assert workers.started == started


@pytest.mark.parametrize("inputs", [{}, {"demand": Path("/no/such/folder")}])
def test_missing_demand_starts_no_processes(inputs: dict[str, Path]) -> None:
    with workers_for(inputs) as workers:
        assert not workers.started
