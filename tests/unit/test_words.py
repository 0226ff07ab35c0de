"""The text of the repository avoids words that hide who does what, and spells as AWS and Python do."""

from pathlib import Path

import pytest

from docs_pages.avoided_words import BRITISH, VAGUE, counts, occurrences

ROOT = Path(__file__).parents[2]


def test_no_text_has_an_avoided_word() -> None:
    assert list(occurrences(ROOT)) == []


@pytest.mark.parametrize("text", ["he was told", "not_told_twice", "Told you", "told/"])
def test_a_word_is_found_in_prose_and_in_names(text: str, tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "page.md").write_text(f"A line.\n{text}\n")
    assert list(occurrences(tmp_path)) == [("cli/page.md:2", "told")]
    assert counts(tmp_path)["told"] == 1


def test_a_word_is_found_in_a_files_name(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "start_anew.py").write_text("")
    assert list(occurrences(tmp_path)) == [("cli/start_anew.py:0", "anew")]


def test_the_count_has_every_word() -> None:
    assert set(counts(ROOT)) == {*VAGUE, *BRITISH}
