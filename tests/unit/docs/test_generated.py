"""The generated pages are current, complete, and say so when they are not."""

import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from contract.error_codes import ErrorCode
from docs_pages import __main__ as command
from docs_pages.configuration_page import configuration_page, tables
from docs_pages.failures_page import defined_types, failures_page
from docs_pages.field_words import NONE, REQUIRED, default_words
from docs_pages.generated import PAGES, ROOT, stale_pages, write_pages
from docs_pages.package_layers import BEGIN, read_layers, with_layers
from lambdas.explain_failure.classify import BY_ERROR
from lambdas.explain_failure.code_types import BY_CODE

SENTENCE_WORDS = 20


def test_the_pages_follow_the_code() -> None:
    assert stale_pages(ROOT) == [], f"run {command.COMMAND}"


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with only the pages."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", PAGES)
def test_a_changed_page_is_stale_until_it_is_written(
    name: str, copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = copied / name
    before = page.read_text(encoding="utf-8")
    changed = before.replace("| ", "|  ") if BEGIN not in before else before.replace("runtime | tables", "tables")
    page.write_text(changed, encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["docs_pages", "--check"])
    assert command.main() == 1
    assert f"{name} differs from the code. Run {command.COMMAND}" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == changed
    assert write_pages(copied) == [name]
    assert page.read_text(encoding="utf-8") == before
    assert command.main() == 0


def test_a_missing_page_is_stale(copied: Path) -> None:
    (copied / "docs" / "errors.md").unlink()
    assert stale_pages(copied) == ["docs/errors.md"]


def test_the_page_has_every_failure_type_and_code() -> None:
    rows = [line.split(" | ") for line in failures_page().splitlines() if line.startswith("| `")]
    names = {row[0].strip("| `") for row in rows}
    assert names == {kind.name for kind in defined_types()} | {f"[{code}]" for code in ErrorCode}
    assert {kind.name for kind in BY_ERROR.values()} | {kind.name for kind in BY_CODE.values()} <= names
    assert all(len(row) in (3, 4) and all(cell.strip("| ") for cell in row) for row in rows)


def texts() -> list[str]:
    described = [model.model_fields[key].description for _, model, _ in tables() for key in model.model_fields]
    introductions = [field.description for _, _, field in tables()]
    kinds = [text for kind in defined_types() for text in (kind.meaning, kind.advice)]
    return [text or "" for text in (*described, *introductions, *kinds, *(code.meaning for code in ErrorCode))]


def test_every_setting_type_and_code_has_a_meaning_in_short_sentences() -> None:
    assert len(texts()) > 120
    assert [text for text in texts() if not text.endswith(".")] == []
    plain = [" ".join(text.replace("`", "").split()) for text in texts()]
    long = [sentence for text in plain for sentence in text.split(". ") if len(sentence.split()) > SENTENCE_WORDS]
    assert long == []


def keys(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(table, key) for table, values in document.items() for key in values}


def on_the_page() -> set[tuple[str, str]]:
    found, table = set(), ""
    for line in configuration_page().splitlines():
        if line.startswith("## `["):
            table = line.strip("#` []")
        elif line.startswith("| `"):
            found.add((table, line.split("`")[1]))
    return found


@pytest.mark.parametrize("file", sorted((ROOT / "environments").glob("*.toml")), ids=lambda file: file.stem)
def test_the_page_has_every_key_of_an_environment(file: Path) -> None:
    lines = file.read_text(encoding="utf-8").splitlines()
    # Optional keys are in the files as comments.
    commented = {
        key
        for line in lines
        if line.startswith("# ")
        for key in [line.strip("# ").partition(" = ")[0]]
        if " = " in line
    }
    assert keys(tomllib.loads("\n".join(lines))) <= on_the_page()
    assert commented <= {key for _, key in on_the_page()}


def test_the_page_has_every_key_of_the_models() -> None:
    assert on_the_page() == {(name, key) for name, model, _ in tables() for key in model.model_fields}


def test_the_defaults_are_toml_with_the_values_of_the_models() -> None:
    seen = 0
    for _, model, _ in tables():
        for field in model.model_fields.values():
            words = default_words(field)
            assert (words == REQUIRED) == field.is_required()
            if words in (REQUIRED, NONE):
                continue
            value = tomllib.loads(f"key = {words.strip('`')}")["key"]
            default = field.get_default(call_default_factory=True)
            assert value == (list(default) if isinstance(default, tuple) else default)
            seen += 1
    assert seen > 25


def test_the_figures_have_the_packages_on_the_disk() -> None:
    layers = list(read_layers(ROOT / "pyproject.toml"))
    assert {each.package for each in layers} == {"job_code", "infra", "local_cloud", "cli"}
    for each in layers:
        for name in (name for level in each.levels for name in level):
            place = ROOT / each.package / name
            assert place.is_dir() or place.with_suffix(".py").is_file(), place


@pytest.mark.parametrize(("package", "first"), [("job_code", "entrypoints"), ("infra", "triggers")])
def test_the_tables_of_packages_have_the_order_of_the_layers(package: str, first: str) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = page[page.index(f"\n| `{first}` |") :].split("\n\n")[0].strip().splitlines()
    listed = [row.split("`")[1] for row in rows]
    (layers,) = (each for each in read_layers(ROOT / "pyproject.toml") if each.package == package)
    folders = [name for level in layers.levels for name in level if (ROOT / package / name).is_dir()]
    assert listed == folders


def test_a_page_without_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="lacks the marks"):
        with_layers("# Architecture", ROOT / "pyproject.toml")
