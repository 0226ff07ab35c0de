from pathlib import Path

import job_code
from job_code.provenance import ABOUT_IT, LIBRARIES, input_fingerprint, program_digest, versions
from tests.demand import shop, write


def test_equal_input_has_equal_fingerprints(tmp_path: Path) -> None:
    demand = shop(2, 10)
    one = write(tmp_path / "one", {"a/x.parquet": demand, "b.csv": demand})
    same = write(tmp_path / "same", {"b.csv": demand, "a/x.parquet": demand, "_SUCCESS": b""})
    print_of_one = input_fingerprint({"demand": one})
    assert print_of_one == input_fingerprint({"demand": same})
    assert print_of_one["files"] == 2
    assert print_of_one["bytes"] == sum(file.stat().st_size for file in one.rglob("*.*"))


def test_another_byte_name_or_input_changes_the_fingerprint(tmp_path: Path) -> None:
    demand = write(tmp_path / "demand", {"a.csv": b"unique_id\nA\n"})
    others = [
        {"demand": write(tmp_path / "byte", {"a.csv": b"unique_id\nB\n"})},
        {"demand": write(tmp_path / "name", {"b.csv": b"unique_id\nA\n"})},
        {"static": demand},
        {"demand": demand, "static": demand},
    ]
    prints = {str(input_fingerprint(inputs)["fingerprint"]) for inputs in [{"demand": demand}, *others]}
    assert len(prints) == 5


def test_versions_name_python_and_every_library() -> None:
    assert set(versions()) == {"python", "program", *LIBRARIES}


def test_the_program_is_another_with_every_module_that_makes_numbers(tmp_path: Path) -> None:
    for name in ("model", "report"):
        (tmp_path / f"{name}.py").write_text("one")
    before = program_digest(tmp_path)
    (tmp_path / "report.py").write_text("two")
    program_digest.cache_clear()
    assert program_digest(tmp_path) == before
    (tmp_path / "model.py").write_text("two")
    program_digest.cache_clear()
    assert program_digest(tmp_path) != before
    package = Path(job_code.__file__).parent
    assert {package / f"{name}.py" for name in ABOUT_IT} <= set(package.glob("*.py"))
