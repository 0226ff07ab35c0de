"""Only `contract` contains literal S3 keys, so that the layout has one owner."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# local_cloud is independent of the application, and tests contain the expected keys.
OTHERS = ("cdk.out", "out", "contract", "local_cloud", "tests", "node_modules")
FOLDERS = (
    "forecasts",
    "reports",
    "models",
    "handover",
    "training-output",
    "athena-results",
    *("demand", "static", "covariates"),
    *("chunks", "completed", "failures", "instances", "outcomes"),
)
NAMES = (
    "_manifest.json",
    "_published.json",
    "report.html",
    "data_quality.json",
    "gate_violations.json",
    "model.json",
    "handover.json",
    "summary.json",
    "items.json",
    "invalid_names.json",
    "outcomes.csv",
)
SPELLED = re.compile(
    r"partition=|run_id=|execution=|chunk-"
    rf"|(^|(?<!job_code)/)({'|'.join(FOLDERS)})/|(^|/)({'|'.join(map(re.escape, NAMES))})$"
)


def constants(source: str) -> Iterator[str]:
    """Yield the strings of a module, including parts of f-strings, without docstrings."""
    tree = ast.parse(source)
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def modules() -> list[Path]:
    found = (path.relative_to(ROOT) for path in ROOT.glob("[!.]*/**/*.py"))
    return sorted(path for path in found if path.parts[0] not in OTHERS)


def test_only_the_contract_contains_literal_keys() -> None:
    spelled = {
        f"{path}: {text!r}"
        for path in modules()
        for text in constants((ROOT / path).read_text(encoding="utf-8"))
        if SPELLED.search(text)
    }
    assert spelled == set()


@pytest.mark.parametrize(
    "source",
    [
        'key = f"forecasts/partition={name}/_published.json"',
        'key = folder + "_manifest.json"',
        'Prefix = f"{folder}completed/"',
        'name = f"chunk-{number:05d}"',
        'prefixes = ["models/"]',
    ],
)
def test_the_check_finds_a_literal_key(source: str) -> None:
    assert any(SPELLED.search(text) for text in constants(source))


def test_prose_is_not_a_key() -> None:
    assert not any(SPELLED.search(text) for text in constants('"""demand/ has it."""\ntext = "put the demand there"'))
