import pytest

from contract.data_files import SUFFIX_LIST, is_csv, is_hidden, is_parquet, may_be_table


@pytest.mark.parametrize("name", ["a.parquet", "A.PARQUET", "a.pq", "2026.11/a.pq"])
def test_parquet(name: str) -> None:
    assert is_parquet(name)
    assert not is_csv(name)


@pytest.mark.parametrize("name", ["a.csv", "A.CSV", "a.csv.gz", "a.b.csv"])
def test_csv(name: str) -> None:
    assert is_csv(name)
    assert not is_parquet(name)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv.gz", "year=2026/week=47/000000_0"])
def test_tables_have_a_known_suffix_or_none(name: str) -> None:
    assert may_be_table(name)


@pytest.mark.parametrize("name", ["a.txt", "a.gz", "a.csv.zip", "a.parquet.tmp"])
def test_files_with_other_suffixes_are_not_tables(name: str) -> None:
    assert not may_be_table(name)


@pytest.mark.parametrize(
    ("name", "hidden"), [("_SUCCESS", True), ("_temporary/a.csv", True), (".a.csv", True), ("a/b_c.csv", False)]
)
def test_markers_are_hidden(name: str, hidden: bool) -> None:
    assert is_hidden(name) is hidden


def test_the_description_lists_all_suffixes() -> None:
    assert SUFFIX_LIST == ".parquet, .pq, .csv, .csv.gz, or Parquet without a suffix"
