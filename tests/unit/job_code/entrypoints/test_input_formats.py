"""The same demand in any format gives the same forecasts, also with several processes."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from deltalake import write_deltalake

from job_code.demand.work_sizes import WorkSizes
from job_code.run_request import RunRequest
from tests.demand import RUN, Finished, configured, run_request, shop

DEMAND = shop(12, 80).with_columns(
    unique_id=pl.col("unique_id").str.slice(0, 3), store="S" + pl.col("unique_id").str.slice(3)
)
SIZES = WorkSizes(rows_per_batch=200, rows_worth_a_worker=1)


def delta(folder: Path) -> None:
    write_deltalake(folder, DEMAND[:500].with_columns(pl.col("y") * 3), partition_by=["store"])
    write_deltalake(folder, DEMAND[:500], mode="overwrite")
    write_deltalake(folder, DEMAND[500:], mode="append")


def folders(folder: Path) -> None:
    for (store,), rows in DEMAND.group_by("store"):
        (folder / f"store={store}").mkdir(parents=True)
        rows.drop("store").write_parquet(folder / f"store={store}" / "part-0.c000")
    (folder / "_SUCCESS").touch()


def json_lines(folder: Path) -> None:
    folder.mkdir()
    text = DEMAND.with_columns(pl.col("ds").dt.to_string()).write_ndjson()
    (folder / "export").write_bytes(gzip.compress(text.encode()))


def regional_csv(folder: Path) -> None:
    folder.mkdir()
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        archive.writestr("Umsätze.csv", DEMAND.write_csv(separator=";", decimal_comma=True).encode("utf-16"))


def arrow_stream(folder: Path) -> None:
    folder.mkdir()
    stream = io.BytesIO()
    DEMAND.write_ipc_stream(stream, compression="lz4")
    (folder / "export").write_bytes(stream.getvalue())


def forecast(folder: Path, demand: Path, *, workers: int) -> Finished:
    folder.mkdir()
    config = configured(key="store,unique_id")
    request = RunRequest(run_id=RUN, partition="all", inputs={"demand": demand}, config=config)
    return run_request(request, folder, sizes=SIZES, workers=workers)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("parquet")
    DEMAND.write_parquet(folder / "demand.parquet")
    return forecast(folder / "run", folder / "demand.parquet", workers=1).parts


@pytest.mark.parametrize("write", [delta, folders, json_lines, regional_csv, arrow_stream])
def test_forecasts_do_not_depend_on_the_format(
    tmp_path: Path, expected: dict[str, bytes], write: Callable[[Path], None]
) -> None:
    write(tmp_path / "demand")
    finished = forecast(tmp_path / "run", tmp_path / "demand", workers=2)
    assert finished.parts == expected
    notes: dict[Callable[[Path], None], str] = {
        folders: "the name begins with _ or .",
        regional_csv: "with a decimal comma",
    }
    assert [notes[write] in note for note in finished.quality["notes"]] == ([True] if write in notes else [])
