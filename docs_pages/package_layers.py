"""Draw the packages' layers for `docs/architecture.md`, from the contracts that import-linter checks."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- layers: `python -m docs_pages` writes the lines up to the end from pyproject.toml -->"
END = "<!-- layers: end -->"


@dataclass(frozen=True)
class Layers:
    """The layers of one package.

    Attributes:
        package: Name of the package.
        levels: Subpackages of each layer, the highest layer first. A layer may import only lower ones.
    """

    package: str
    levels: tuple[tuple[str, ...], ...]


def read_layers(pyproject: Path) -> Iterator[Layers]:
    """Yield the layers of each package that has more than two."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        if contract["type"] == "layers" and len(contract["layers"]) > 2:
            levels = tuple(tuple(name.strip() for name in layer.split("|")) for layer in contract["layers"])
            yield from (Layers(package, levels) for package in contract["containers"])


def with_layers(page: str, pyproject: Path) -> str:
    """Return the architecture page with the current figures between its two marks.

    Raises:
        ValueError: If the page lacks a mark.
    """
    before, mark, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError("docs/architecture.md lacks the marks of the layers")
    figures = "\n\n".join(_figure(layers) for layers in read_layers(pyproject))
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def _figure(layers: Layers) -> str:
    """Return the layers as a stack of boxes."""
    texts = [" | ".join(level) for level in layers.levels]
    width = max(map(len, texts))
    edge = f"+{'-' * (width + 2)}+"
    boxes = "\n".join(f"| {text.center(width)} |\n{edge}" for text in texts)
    return f"**`{layers.package}`**\n\n```text\n{edge}\n{boxes}\n```"
