import os
import tempfile
import zipfile
from pathlib import Path

import pytest

from job_code.runtime.process_pool import ProcessPool
from job_code.runtime.temporary_files import temporary_files_in
from tests.demand import run_job, shop

FOLDER = "__import__('tempfile').gettempdir()"


@pytest.mark.parametrize("early", [False, True])
def test_all_processes_use_the_folder(tmp_path: Path, early: bool) -> None:
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    with ProcessPool(2) as workers:
        if early:
            workers.preload("tempfile")
        with temporary_files_in(tmp_path, workers):
            assert set(workers.map(eval, [FOLDER] * 8)) == {str(tmp_path)}
            assert tempfile.gettempdir() == str(tmp_path)
    assert (tempfile.tempdir, os.environ.get("TMPDIR")) == before


def test_a_run_unpacks_files_into_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    (tmp_path / "demand").mkdir()
    with zipfile.ZipFile(tmp_path / "demand" / "a.zip", "w") as archive:
        archive.writestr("a.csv", shop(3, 30).write_csv())
    content = (tmp_path / "demand" / "a.zip").read_bytes()
    assert run_job(tmp_path / "run", {"a.zip": content}, n_estimators=5).manifest["series"] == 3
