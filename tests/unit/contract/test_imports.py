"""All parts of the application share the contract, so it must not depend on any of them."""

import ast
import sys
from pathlib import Path

import contract

FOLDER = Path(contract.__file__).parent


def test_it_imports_only_the_standard_library() -> None:
    imported = set()
    for file in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported |= {name.partition(".")[0] for name in names}
            if isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    assert imported - {"contract"} <= sys.stdlib_module_names
    assert imported > {"contract", "dataclasses"}
