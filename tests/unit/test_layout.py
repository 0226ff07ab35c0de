"""Packages are small, and each has a docstring that says what it does."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_MODULES = 14
TOP = (
    "benchmarks",
    "cli",
    "contract",
    "docs_pages",
    "drills",
    "infra",
    "job_code",
    "lambdas",
    "linters",
    "local_cloud",
)
MODULES = [file for top in TOP for file in sorted((ROOT / top).rglob("*.py")) if "tests" not in file.parts]
PACKAGES = sorted({file.parent.relative_to(ROOT).as_posix() for file in MODULES})


def test_no_package_has_more_modules_than_a_reader_keeps_in_mind() -> None:
    counts = Counter(file.parent.relative_to(ROOT).as_posix() for file in MODULES if file.stem != "__init__")
    assert {package: count for package, count in counts.items() if count > MAX_MODULES} == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_says_what_it_is(package: str) -> None:
    door = ROOT / package / "__init__.py"
    assert door.exists()
    assert ast.get_docstring(ast.parse(door.read_text(encoding="utf-8")))
