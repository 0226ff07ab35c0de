"""The site has every page, needs no network, and its build fails for a broken link."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from docs_pages.generated import ROOT

FOLDERS = ("", "benchmarks", "docs", "docs/decisions", "local_cloud")
# Elements that a browser loads without a click.
LOADED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc(?:set)?=\"?(?:https?:)?//|<link\b[^>]*href=\"?(?:https?:)?//"
)


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--config-file",
        str(config),
        "--site-dir",
        str(site),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT / "mkdocs.yml", folder)
    assert built.returncode == 0, built.stderr
    return folder


def test_the_site_has_every_page_at_its_own_path(site: Path) -> None:
    pages = [page.relative_to(ROOT) for folder in FOLDERS for page in (ROOT / folder).glob("*.md")]
    places = [page.with_name("index.html") if page.stem == "README" else page.with_suffix(".html") for page in pages]
    assert len(places) > 25
    assert [place for place in places if not (site / place).is_file()] == []


def test_reading_the_site_needs_no_network(site: Path) -> None:
    pages = {page.relative_to(site).as_posix(): page.read_text(encoding="utf-8") for page in site.rglob("*.html")}
    assert {name: found for name, page in pages.items() if (found := LOADED.findall(page))} == {}
    # With this class, the theme's script would load Mermaid from the network.
    assert [name for name, page in pages.items() if re.search(r'class="?[^">]*\bmermaid\b', page)] == []
    styles = [style.read_text(encoding="utf-8") for style in site.rglob("*.css")]
    assert not any(re.search(r"(@import|url\()\s*[\"']?(https?:)?//", style) for style in styles)


def test_links_lead_to_pages_and_to_no_source_code(site: Path) -> None:
    text = (site / "docs" / "architecture.html").read_text(encoding="utf-8")
    assert 'href="../local_cloud/index.html"' in text
    assert "job_code/" in text
    assert 'href="../job_code' not in text


def test_nested_lists_are_nested(site: Path) -> None:
    assert re.search(r"<li>[^<]*<ul>\s*<li>settings:", (site / "CHANGELOG.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[code](code.py)", ""),
        ("[x](docs/page.md#a-section)", ""),
        ("```\n[x](docs/missing.md)\n```", ""),
        ("[x](docs/missing.md)", "docs/missing.md does not exist"),
        ("[x](docs/page.md#missing)", "does not contain an anchor '#missing'"),
        ("[x](#missing)", "there is no such anchor"),
        ("![x](docs/missing.svg)", "docs/missing.svg"),
    ],
)
def test_a_broken_link_fails_the_build(text: str, problem: str, tmp_path: Path) -> None:
    for folder in ("docs", "docs_pages"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "docs_pages" / "site_pages.py", tmp_path / "docs_pages")
    (tmp_path / "code.py").write_text("")
    (tmp_path / "README.md").write_text(f"# Front page\n\n{text}\n")
    (tmp_path / "docs" / "page.md").write_text("# Page\n\n## A section\n")
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[0]
    (tmp_path / "mkdocs.yml").write_text(f"{config}\nnav:\n  - README.md\n  - docs/page.md\n")
    built = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert (built.returncode == 0) == (problem == "")
    assert problem in built.stderr
