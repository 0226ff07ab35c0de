"""Finds the files that a function's asset needs, by following its imports.

A list kept by hand can miss a module, which fails only when AWS invokes the function.
"""

import ast
from functools import cache
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[2]
PACKAGES = ("contract", "lambdas")  # the only packages of this project that a function may import


def asset_files(module: str) -> list[PurePosixPath]:
    """Return the project's files that a module loads, itself and the `__init__` of each package included.

    Args:
        module: Dotted name, e.g. `lambdas.plan.handler`.

    Returns:
        Paths below the repository's root, sorted.

    Raises:
        ImportError: If a module imports a file of these packages that does not exist.
    """
    found: set[PurePosixPath] = set()
    pending = [module]
    while pending:
        name = pending.pop()
        path = _path_of(name)
        if path is None:
            raise ImportError(f"{name} is not a module of {' or '.join(PACKAGES)}")
        if path not in found:
            found.add(path)
            pending += [name.rpartition(".")[0]] if "." in name else []
            pending += _imports(name, path)
    return sorted(found)


def exclude_patterns(module: str) -> list[str]:
    """Return gitignore patterns that leave only `asset_files(module)` of the repository."""
    files = asset_files(module)
    folders = sorted({folder for file in files for folder in file.parents if folder.name})
    opened = [pattern for folder in folders for pattern in (f"!/{folder}", f"/{folder}/*")]
    return ["/*", *opened, *(f"!/{file}" for file in files)]


def _path_of(name: str) -> PurePosixPath | None:
    path = PurePosixPath(*name.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if (ROOT / candidate).is_file():
            return candidate
    return None


@cache
def _imports(name: str, path: PurePosixPath) -> tuple[str, ...]:
    """Return the modules of `PACKAGES` that a file imports anywhere in it; functions share most of their files."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: list[str] = []
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += (alias.name for alias in node.names if _is_ours(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            if _is_ours(source):
                submodules = (f"{source}.{alias.name}" for alias in node.names)
                found += [source, *(each for each in submodules if _path_of(each) is not None)]
    return tuple(found)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in PACKAGES
