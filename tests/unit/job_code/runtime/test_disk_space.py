import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from job_code.runtime.disk_space import OutOfDiskError, explain_full_disk, require_space
from tests.demand import ONE, configured, prepared, run_job, shop

FULL = Path("/dev/full")  # a Linux device without free space


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    return lambda count: monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=count))


def test_the_error_names_needed_and_free_space(tmp_path: Path, free: Callable[[int], None]) -> None:
    free(2_340_000_000)
    require_space(tmp_path, 2_340_000_000)
    with pytest.raises(OutOfDiskError):
        require_space(tmp_path, 2_340_000_001)
    with pytest.raises(OutOfDiskError) as rejected:
        require_space(tmp_path, 1_234_567_890_000)
    assert str(rejected.value) == (
        "the run needs about 1,234.6 GB of disk space, 2.3 GB is free; "
        "raise volume_gb in the environment file, or in a local run use an --output on a disk with more space"
    )


def test_the_real_disk_is_checked(tmp_path: Path) -> None:
    require_space(tmp_path, 1)
    with pytest.raises(OutOfDiskError):
        require_space(tmp_path, 10**18)


@pytest.mark.skipif(not FULL.exists(), reason="/dev/full does not exist")
@pytest.mark.parametrize(
    "write",
    [
        lambda: pl.DataFrame({"a": range(100_000)}).write_parquet(FULL),
        lambda: pl.DataFrame({"a": range(100_000)}).write_ipc(FULL),
        lambda: np.arange(100_000).tofile(FULL),
        lambda: FULL.write_bytes(bytes(100_000)),
    ],
    ids=["parquet", "ipc", "numpy", "bytes"],
)
def test_a_full_disk_is_recognized(write: Callable[[], object]) -> None:
    with pytest.raises(OutOfDiskError, match=r"^the disk is full; raise volume_gb"), explain_full_disk():
        write()


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "Permission denied"), ValueError("no space"), pl.exceptions.ComputeError("no")]
)
def test_other_errors_pass_unchanged(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, explain_full_disk():
        raise error
    assert raised.value is error


def test_a_run_without_disk_space_fails_before_it_reads(
    tmp_path: Path, free: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    free(1000)

    def unexpected(*_: object) -> None:
        raise AssertionError("a row was read")

    monkeypatch.setattr("job_code.tables.table_files.TableFile.batches", unexpected)
    with pytest.raises(OutOfDiskError, match=r"the run needs about 0\.0 GB of disk space, 0\.0 GB is free"):
        run_job(tmp_path, shop(10, 60))
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != ".lock"]


@pytest.mark.parametrize("sparse", [False, True])
def test_a_run_uses_about_the_required_disk_space(tmp_path: Path, sparse: bool) -> None:
    demand = shop(300, 150)
    if sparse:
        demand = demand.sample(fraction=0.1, seed=0)
    needed = ONE.disk_for_shards(demand.height) + ONE.disk_for_panels(300 * 150, demand.height)

    def used(folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    folder = tmp_path / "shards"
    files = {f"{at}.parquet": demand[at::3] for at in range(3)}
    sizes = WorkSizes(rows_worth_a_worker=1, rows_per_shard=10_000)
    kept: list[int] = []

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "unlink", lambda path: kept.append(path.stat().st_size))  # shards that have been read
        prepared(tmp_path, files, configured(frequency="W-MON"), sizes=sizes, workers=3)
    shards, chunks = used(folder), used(tmp_path / "chunks")
    assert sum(kept) == shards
    assert max(shards, chunks) <= needed
    assert shards + chunks >= needed / 4


def test_covariates_need_disk_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    required: list[int] = []
    monkeypatch.setattr(
        "job_code.exogenous_files.covariate_files.require_space", lambda _, needed: required.append(needed)
    )
    monkeypatch.setattr("job_code.preparation.prepare.require_space", lambda _, needed: required.append(needed))
    demand = shop(20, 100)
    known = demand.select("unique_id", "ds", price=pl.lit(2.0), color=pl.lit("red"))
    run_job(tmp_path / "with", demand, covariates={"a.parquet": known}, horizon=4)
    shuffled, panels = required
    assert shuffled == 2000 * (8 + 4 + 2 * 4)
    required.clear()
    run_job(tmp_path / "without", demand, horizon=4)
    usual = 99  # weeks that contain 99 % of the rows
    assert panels - required[0] == 20 * (usual + 4) * 2 * 4
