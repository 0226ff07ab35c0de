"""Wide dataclasses take keywords only: the type checker does not see two arrays that have changed places."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOT_PACKAGES = {"node_modules", "cdk.out", "out", "tests"}
WIDE = 6


def modules() -> Iterator[Path]:
    for folder in ROOT.iterdir():
        if folder.is_dir() and folder.name not in NOT_PACKAGES and not folder.name.startswith("."):
            yield from (file for file in folder.rglob("*.py") if "tests" not in file.parts)


def wide_and_positional(source: str) -> list[str]:
    """Name the dataclasses of `WIDE` fields or more that can be built without keywords."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        decorators = [text for text in map(ast.unparse, node.decorator_list) if "dataclass" in text]
        annotated = [ast.unparse(part.annotation) for part in node.body if isinstance(part, ast.AnnAssign)]
        fields = [annotation for annotation in annotated if "ClassVar" not in annotation]
        if decorators and len(fields) >= WIDE and "kw_only=True" not in decorators[0]:
            found.append(node.name)
    return found


def test_wide_dataclasses_take_keywords_only() -> None:
    files = list(modules())
    found = [f"{file.relative_to(ROOT)}: {name}" for file in files for name in wide_and_positional(file.read_text())]

    assert {file.relative_to(ROOT).parts[0] for file in files} >= {"job_code", "lambdas", "infra", "local_cloud"}
    assert not found


@pytest.mark.parametrize(
    ("decorator", "fields", "found"),
    [
        ("@dataclass", 6, ["Given"]),
        ("@dataclass(frozen=True)", 6, ["Given"]),
        ("@dataclasses.dataclass(frozen=True)", 7, ["Given"]),
        ("@dataclass(frozen=True, kw_only=True)", 7, []),
        ("@dataclass(frozen=True)", 5, []),
        ("@final", 6, []),
    ],
)
def test_sees_which_are_wide_and_positional(decorator: str, fields: int, found: list[str]) -> None:
    body = "\n".join(f"    field_{number}: int" for number in range(fields))

    assert wide_and_positional(f"{decorator}\nclass Given:\n{body}\n    constant: ClassVar[int] = 1\n") == found
