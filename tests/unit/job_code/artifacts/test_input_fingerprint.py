from pathlib import Path

import pytest

from job_code.artifacts.input_fingerprint import input_fingerprint
from job_code.runtime.versions import LIBRARIES, REVISION, versions
from tests.demand import shop, write


def test_equal_input_has_equal_fingerprints(tmp_path: Path) -> None:
    demand = shop(2, 10)
    one = write(tmp_path / "one", {"a/x.parquet": demand, "b.csv": demand})
    same = write(tmp_path / "same", {"b.csv": demand, "a/x.parquet": demand, "_SUCCESS": b""})
    print_of_one = input_fingerprint({"demand": one})
    assert print_of_one == input_fingerprint({"demand": same})
    assert print_of_one["files"] == 2
    assert print_of_one["bytes"] == sum(file.stat().st_size for file in one.rglob("*.*"))


def test_a_different_byte_name_or_input_changes_the_fingerprint(tmp_path: Path) -> None:
    demand = write(tmp_path / "demand", {"a.csv": b"unique_id\nA\n"})
    others = [
        {"demand": write(tmp_path / "byte", {"a.csv": b"unique_id\nB\n"})},
        {"demand": write(tmp_path / "name", {"b.csv": b"unique_id\nA\n"})},
        {"static": demand},
        {"demand": demand, "static": demand},
    ]
    prints = {str(input_fingerprint(inputs)["fingerprint"]) for inputs in [{"demand": demand}, *others]}
    assert len(prints) == 5


def test_the_log_of_a_delta_table_changes_the_fingerprint(tmp_path: Path) -> None:
    table = write(tmp_path / "demand", {"_delta_log/0.json": b"{}", "a.parquet": shop(1, 4)})
    before = input_fingerprint({"demand": table})
    write(table, {"_delta_log/1.json": b"{}"})
    assert input_fingerprint({"demand": table})["fingerprint"] != before["fingerprint"]


@pytest.mark.parametrize(("revision", "further"), [(None, set()), ("", set()), ("0be50ce", {"revision"})])
def test_versions_name_python_every_library_and_a_known_revision(
    monkeypatch: pytest.MonkeyPatch, revision: str | None, further: set[str]
) -> None:
    monkeypatch.delenv(REVISION, raising=False)
    if revision is not None:
        monkeypatch.setenv(REVISION, revision)
    found = versions()
    assert set(found) == {"python", *LIBRARIES, *further}
    assert found.get("revision") == (revision or None)
