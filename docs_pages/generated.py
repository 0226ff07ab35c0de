"""Write the generated pages, and find the stale ones."""

from collections.abc import Callable, Mapping
from pathlib import Path

from docs_pages.acceptance_page import acceptance_page
from docs_pages.configuration_page import configuration_page
from docs_pages.failures_page import failures_page
from docs_pages.package_layers import with_layers

ROOT = Path(__file__).resolve().parents[1]


def _architecture(root: Path) -> str:
    return with_layers((root / "docs" / "architecture.md").read_text(encoding="utf-8"), ROOT / "pyproject.toml")


# The text of each page, by its path. A page may depend on its own present text.
PAGES: Mapping[str, Callable[[Path], str]] = {
    "docs/acceptance.md": lambda _: acceptance_page(),
    "docs/architecture.md": _architecture,
    "docs/configuration.md": lambda _: configuration_page(),
    "docs/errors.md": lambda _: failures_page(),
}


def stale_pages(root: Path) -> list[str]:
    """Return the pages of a repository that differ from the code, or are missing."""
    return [name for name, page in PAGES.items() if not _is_current(root / name, page(root))]


def write_pages(root: Path) -> list[str]:
    """Write the stale pages of a repository, and return their names."""
    stale = stale_pages(root)
    for name in stale:
        (root / name).write_text(PAGES[name](root), encoding="utf-8")
    return stale


def _is_current(file: Path, text: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == text
