"""A Delta table is read through its log: as pyarrow reads the files that the log names, and never the others."""

import json
import struct
from base64 import b85encode
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from job_code.files.find_files import FoundFile
from job_code.files.open_file import open_file
from job_code.files.reader import Reader, Reading
from job_code.files.unreadable import UnreadableFileError
from tests.demand import configured

ROWS = pl.DataFrame(
    {
        "unique_id": ["A", "B", "C", "D"],
        "ds": ["2026-11-16"] * 4,
        "y": [1.0, 2.0, 3.0, 4.0],
        "store": ["S 1/2", "S2", None, "S2"],
    }
)
COLUMNS = ["unique_id", "y"]


def opened(folder: Path) -> Reader:
    found = FoundFile(path=folder, name="sales", is_delta=True)
    reader = open_file(found, lambda _: COLUMNS, configured(), is_given=False)
    assert reader is not None
    return reader


def read(folder: Path, columns: list[str]) -> pl.DataFrame:
    return pl.concat(opened(folder).batches(columns, Reading(size=3))).sort(columns)


def commit(folder: Path, number: int, *actions: Mapping[str, object]) -> None:
    path = folder / "_delta_log" / f"{number:020d}.json"
    path.write_text("".join(json.dumps(action) + "\n" for action in actions))


def actions(folder: Path, number: int) -> list[dict[str, dict[str, object]]]:
    path = folder / "_delta_log" / f"{number:020d}.json"
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(params=["sales", "it's [my] *data*? #1 %20 ü"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A table with a partition column, written, overwritten and extended by a column."""
    plain, named = tmp_path / "plain", tmp_path / str(request.param)
    write_deltalake(plain, ROWS, partition_by=["store"])
    write_deltalake(plain, ROWS.with_columns(pl.col("y") * 10), mode="overwrite")
    write_deltalake(plain, ROWS.with_columns(size=pl.lit(7)), mode="append", schema_mode="merge")
    plain.rename(named)
    return named


def test_removed_files_are_not_read_and_new_columns_are_missing_before(folder: Path) -> None:
    reader = opened(folder)
    assert (reader.rows, reader.typed, reader.divisible) == (8, True, True)
    assert reader.names == ("unique_id", "ds", "y", "store", "size")
    expected = pl.concat(
        [ROWS.with_columns(pl.col("y") * 10, size=pl.lit(None, pl.Int32)), ROWS.with_columns(size=pl.lit(7))]
    )
    columns = ["unique_id", "y", "store", "size"]
    assert read(folder, columns).equals(expected.select(columns).sort(columns))


def test_workers_read_parts_of_one_version(folder: Path) -> None:
    reader = opened(folder)
    added = [each["add"] for each in actions(folder, 2) if "add" in each]
    commit(folder, 3, *({"remove": {**add, "dataChange": True}} for add in added))
    parts = [pl.concat(reader.batches(["y"], Reading(size=3, first=at, rows=2))) for at in range(0, 8, 2)]
    assert sorted(pl.concat(parts)["y"]) == [1.0, 2.0, 3.0, 4.0, 10.0, 20.0, 30.0, 40.0]
    assert opened(folder).rows == 4


def test_a_checkpoint_replaces_the_log_before_it(folder: Path) -> None:
    if "*" in folder.name:
        return  # the library that writes the checkpoint cannot open this path
    DeltaTable(folder).create_checkpoint()
    for number in range(2):
        (folder / "_delta_log" / f"{number:020d}.json").unlink()
    assert opened(folder).rows == 8


def z85(content: bytes) -> str:
    """Encode bytes as the Delta protocol does: Z85, which is base 85 in another alphabet."""
    ours = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
    z85_letters = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    return b85encode(content).translate(bytes.maketrans(ours, z85_letters)).decode()


def deletion_vector(rows: list[int]) -> dict[str, object]:
    """Return a deletion vector in the log: one Roaring bitmap with one array."""
    bitmap = struct.pack("<IIHHI", 12346, 1, 0, len(rows) - 1, 16) + struct.pack(f"<{len(rows)}H", *rows)
    content = struct.pack("<IQI", 1681511377, 1, 0) + bitmap
    size = len(content)
    return {
        "storageType": "i",
        "pathOrInlineDv": z85(content + bytes(-size % 4)),
        "sizeInBytes": size,
        "cardinality": len(rows),
    }


def test_deleted_rows_are_left_out(tmp_path: Path) -> None:
    write_deltalake(tmp_path, ROWS.drop("store"), configuration={"delta.enableDeletionVectors": "true"})
    (add,) = (each["add"] for each in actions(tmp_path, 0) if "add" in each)
    deleted = {**add, "deletionVector": deletion_vector([1, 2])}
    commit(tmp_path, 1, {"remove": {"path": add["path"], "dataChange": True}}, {"add": deleted})
    assert read(tmp_path, ["unique_id"])["unique_id"].to_list() == ["A", "D"]
    assert opened(tmp_path).rows == 2


def test_an_incomplete_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "_delta_log").mkdir()
    ROWS.write_parquet(tmp_path / "part-1.parquet")
    commit(tmp_path, 1, {"remove": {"path": "part-0.parquet"}}, {"add": {"path": "part-1.parquet"}})
    with pytest.raises(UnreadableFileError, match="its log is incomplete or damaged"):
        opened(tmp_path)
    (tmp_path / "_delta_log" / f"{1:020d}.json").write_text("not JSON")
    with pytest.raises(UnreadableFileError, match="its log is incomplete or damaged"):
        opened(tmp_path)


def test_a_missing_file_is_refused(folder: Path) -> None:
    for file in folder.glob("store=S2/*"):
        file.unlink()
    with pytest.raises(UnreadableFileError, match=r"the file .*\.parquet of its log is missing"):
        opened(folder)


def test_a_feature_that_the_job_does_not_know_is_refused(tmp_path: Path) -> None:
    write_deltalake(tmp_path, ROWS.drop("store"))
    protocol = {"minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["columnMapping"]}
    commit(tmp_path, 1, {"protocol": {**protocol, "writerFeatures": ["columnMapping"]}})
    with pytest.raises(UnreadableFileError, match="it needs features of Delta that the job does not know"):
        opened(tmp_path)


def test_partition_columns_that_no_folder_names_are_refused(tmp_path: Path) -> None:
    write_deltalake(tmp_path, ROWS[:1], partition_by=["store"])
    first = actions(tmp_path, 0)
    (add,) = (each["add"] for each in first if "add" in each)
    (tmp_path / "Xy").mkdir()
    next(tmp_path.glob("store=*/*")).rename(tmp_path / "Xy" / "part-0.parquet")
    commit(tmp_path, 0, *({"add": {**add, "path": "Xy/part-0.parquet"}} if "add" in each else each for each in first))
    with pytest.raises(UnreadableFileError, match="the names of its folders do not have the partition columns"):
        opened(tmp_path)
