"""Everything below a path is found, or named with the reason why not."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from job_code.errors import InputError
from job_code.files.find_files import FoundFiles, find_files, utf8_path
from tests.demand import write

NOBODY = 65_534
ROOT_USER = os.geteuid() == 0


def found(folder: Path) -> FoundFiles:
    return find_files(folder, source="demand")


def names(result: FoundFiles) -> list[str]:
    return [file.name for file in result.files]


def reasons(result: FoundFiles) -> dict[str, str]:
    return {each.name: each.problem for each in result.not_read}


def test_every_file_is_found_by_any_name_at_any_depth(tmp_path: Path) -> None:
    files = ["a.parquet", "b/part-00001.c000", "b/c/no suffix", "b/[x] *?.txt", "ü/日本.dat", "z{a,b}$HOME"]
    result = found(write(tmp_path, dict.fromkeys(files, b"x")))
    assert sorted(names(result)) == sorted(files)
    assert list(result.inputs) == sorted(files)
    assert result.not_read == []


def test_hidden_files_and_markers_are_named_once(tmp_path: Path) -> None:
    files = ["a.csv", "_SUCCESS", ".b.csv", "x/.crc", "_temporary/a.csv", "_temporary/b.csv"]
    result = found(write(tmp_path, dict.fromkeys(files, b"x")))
    assert names(result) == ["a.csv"]
    assert list(reasons(result)) == [".b.csv", "_SUCCESS", "_temporary", "x/.crc"]
    assert not any(each.is_error for each in result.not_read)


def test_litter_of_operating_systems_is_named(tmp_path: Path) -> None:
    litter = ["Thumbs.db", "x/Desktop.ini", "~$prices.xlsx", "@eaDir/a.csv", "lost+found/a.csv", "Icon\r"]
    result = found(write(tmp_path, dict.fromkeys(["a.csv", *litter], b"x")))
    assert names(result) == ["a.csv"]
    assert sorted(reasons(result)) == ["@eaDir", "Icon\r", "Thumbs.db", "lost+found", "x/Desktop.ini", "~$prices.xlsx"]
    assert not any(each.is_error for each in result.not_read)
    assert set(reasons(result).values()) == {"not read, because operating systems and office programs write such files"}
    assert list(result.inputs) == ["a.csv"]


def test_linked_folders_are_entered_and_loops_end(tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere", {"deep/new.csv": b"new"})
    folder = write(tmp_path / "d", {"old/old.csv": b"old"})
    (folder / "2026").symlink_to(elsewhere)
    (elsewhere / "deep" / "up").symlink_to(folder)
    (folder / "a link.csv").symlink_to(folder / "old" / "old.csv")
    result = found(folder)
    assert names(result) == ["2026/deep/new.csv", "old/old.csv"]
    assert list(reasons(result)) == ["2026/deep/up (to the folder itself)", "a link.csv (to old/old.csv)"]
    assert not any(each.is_error for each in result.not_read)


@pytest.mark.parametrize(
    ("mark", "table_format"),
    [
        ("_delta_log/00000000000000000000.json", "a Delta table"),
        (".hoodie/hoodie.properties", "a Hudi table"),
        ("metadata/00001-5f.metadata.json", "an Iceberg table"),
    ],
)
def test_a_part_of_a_table_with_a_log_is_refused(tmp_path: Path, mark: str, table_format: str) -> None:
    table = write(tmp_path / "table", {mark: b"{}", "data/store=A/a.parquet": b"x"})
    (tmp_path / "link").symlink_to(table / "data" / "store=A")
    for part in (table / "data" / "store=A", table / "data" / "store=A" / "a.parquet", tmp_path / "link"):
        with pytest.raises(InputError, match=f"is a part of {table_format}, {table}. Its files may have obsolete rows"):
            found(part)
    assert found(tmp_path).inputs  # the whole table is found as such


def test_what_is_missing_behind_a_name_is_an_error(tmp_path: Path) -> None:
    folder = write(tmp_path, {"a.csv": b"x"})
    (folder / "new.parquet").symlink_to(folder / "gone.parquet")
    os.mkfifo(folder / "pipe.csv")
    result = found(folder)
    assert names(result) == ["a.csv"]
    assert reasons(result) == {
        "new.parquet": "that is a link to nothing",
        "pipe.csv": "that is neither a file nor a folder",
    }
    assert all(each.is_error for each in result.not_read)


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder whose closed entries another user than root cannot open. The test runs as that user."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder, {"a.csv": b"x", "closed/b.csv": b"x", "c.csv": b"x"})
        (folder / "c.csv").chmod(0)
        (folder / "closed").chmod(0)
        folder.chmod(0o755)
        if ROOT_USER:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if ROOT_USER:
                os.seteuid(0)
            (folder / "closed").chmod(0o755)


def test_a_closed_folder_is_an_error(closed: Path) -> None:
    result = found(closed)
    assert names(result) == ["a.csv", "c.csv"]  # opening c.csv reports it
    assert reasons(result) == {"closed": "that cannot be opened (Permission denied)"}
    assert result.not_read[0].is_error
    with pytest.raises(InputError, match=r"demand: .*closed/b.csv cannot be opened: Permission denied"):
        find_files(closed / "closed" / "b.csv", source="demand")


def test_names_that_are_not_utf_8_can_be_printed_and_opened(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/verk\xe4ufe"
    os.mkdir(folder)  # noqa: PTH102 # pathlib takes no bytes
    with open(folder + b"/\xfc.csv", "wb") as file:  # noqa: PTH123
        file.write(b"content")
    result = found(tmp_path)
    assert names(result) == [r"verk\xe4ufe/\xfc.csv"]
    with utf8_path(result.files[0].path) as path:
        str(path).encode()
        assert path.read_bytes() == b"content"


def test_columns_in_the_names_of_folders(tmp_path: Path) -> None:
    names_of_files = [
        "store=S1/week=2/a.csv",
        "store=S%201%2F2/a.csv",
        "store=__HIVE_DEFAULT_PARTITION__/a.csv",
        "a.csv",
    ]
    result = found(write(tmp_path, dict.fromkeys(names_of_files, b"x")))
    assert {file.name: file.folder_values for file in result.files} == {
        "a.csv": {},
        "store=S1/week=2/a.csv": {"store": "S1", "week": "2"},
        "store=S%201%2F2/a.csv": {"store": "S 1/2"},
        "store=__HIVE_DEFAULT_PARTITION__/a.csv": {"store": None},
    }


def test_the_folder_of_a_delta_table_is_one_table(tmp_path: Path) -> None:
    files = ["shop/_delta_log/0.json", "shop/part-0.parquet", "shop/_change_data/c.parquet", "other/a.parquet"]
    result = found(write(tmp_path, dict.fromkeys(files, b"x")))
    assert [(file.name, file.is_delta) for file in result.files] == [("other/a.parquet", False), ("shop", True)]
    assert result.not_read == []
    assert list(result.inputs) == ["other/a.parquet", "shop/_delta_log/0.json", "shop/part-0.parquet"]


def test_a_delta_table_may_be_the_folder_itself(tmp_path: Path) -> None:
    result = found(write(tmp_path / "shop", dict.fromkeys(["_delta_log/0.json", "part-0.parquet"], b"x")))
    assert [(file.path, file.name, file.is_delta) for file in result.files] == [(tmp_path / "shop", "shop", True)]


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (["t/metadata/v1.metadata.json", "t/data/a.parquet"], "an Iceberg table"),
        (["metadata/v1.metadata.json", "data/a.parquet"], "an Iceberg table"),
        (["t/.hoodie/hoodie.properties", "t/a.parquet"], "a Hudi table"),
    ],
)
def test_bare_files_of_other_table_formats_are_never_read(tmp_path: Path, files: list[str], kind: str) -> None:
    result = found(write(tmp_path, dict.fromkeys(files, b"x")))
    assert result.files == []
    errors = [each for each in result.not_read if each.is_error]
    assert [each.problem for each in errors] == [f"of {kind}, whose log the job cannot read"]


def test_a_path_that_is_no_file_or_folder_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"demand: file or folder .*absent does not exist\. Check the path"):
        find_files(tmp_path / "absent", source="demand")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=r"demand: .*pipe is neither a file nor a folder\. Write the data into a file"):
        find_files(tmp_path / "pipe", source="demand")


def test_names_are_sorted(tmp_path: Path) -> None:
    order = names(found(write(tmp_path, dict.fromkeys(["b.csv", "a/z.csv", "c", "a/a"], b"x"))))
    assert order == sorted(order)
