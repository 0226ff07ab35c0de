import pytest

from contract.data_files import is_delta_log, is_hidden, is_input, is_named_as_table


@pytest.mark.parametrize("name", ["a.parquet", "A.PARQUET", "a.parq", "2026.11/a.pq", "a.csv", "a.b.csv.gz", "a.jsonl"])
def test_a_known_suffix_names_a_table(name: str) -> None:
    assert is_named_as_table(name)


@pytest.mark.parametrize("name", ["a.txt", "README.md", "part-00001.c000", "000000_0", "csv", "a.csv.tmp"])
def test_another_suffix_leaves_it_to_the_content(name: str) -> None:
    assert not is_named_as_table(name)
    assert is_input(name)


@pytest.mark.parametrize(
    ("name", "hidden"), [("_SUCCESS", True), ("_temporary/a.csv", True), (".a.csv", True), ("a/b_c.csv", False)]
)
def test_markers_are_hidden_and_no_input(name: str, hidden: bool) -> None:
    assert is_hidden(name) is hidden
    assert is_input(name) is not hidden


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_delta_log/00000000000000000000.json", True),
        ("shop/_delta_log/_last_checkpoint", True),
        ("shop/_delta_log", False),
        ("_temporary/_delta_log/0.json", False),
        ("shop/part-0.parquet", False),
    ],
)
def test_the_log_of_a_delta_table_is_input(name: str, expected: bool) -> None:
    assert is_delta_log(name) is expected
    assert is_input(name) is (expected or name == "shop/part-0.parquet")
