"""Processes start before the job's libraries are imported where the demand is large, and only there."""

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
def test_large_demand_starts_them(demand: Path, monkeypatch: pytest.MonkeyPatch, worth: int, started: bool) -> None:
    monkeypatch.setattr(early_workers, "WORTH_PROCESSES", worth)
    with workers_for({"demand": demand}) as workers:
        assert workers.count == 2
        assert workers.started == started


@pytest.mark.parametrize("inputs", [{}, {"demand": Path("/no/such/folder")}])
def test_demand_that_is_missing_starts_nothing(inputs: dict[str, Path]) -> None:
    with workers_for(inputs) as workers:
        assert not workers.started
