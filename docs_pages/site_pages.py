"""Hook of MkDocs: build the site from the repository as it is, so that links work in the repository and on the site.

MkDocs reads one folder. This hook replaces its files by the pages of the whole repository, at their own paths, with the
README as the front page. The site has no source code, so a link to source code becomes plain text on the site. A link
to a folder leads to its README.
"""

import logging
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("*.md", "benchmarks/*.md", "local_cloud/*.md", "docs/**/*.md", "docs/pictures/*.*", "docs_pages/site.css")
CODE_BLOCK = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")
# GitHub nests a list from two spaces on, Python-Markdown from four.
NESTED_ITEM = re.compile(r"^ {2,3}(?=[-*] |\d+\. )", re.MULTILINE)

# Strict mode fails if a logger below this one has a warning.
log = logging.getLogger("mkdocs.hooks.site_pages")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the repository's pages and pictures, and keep the files of the theme."""
    own = [path.relative_to(ROOT).as_posix() for pattern in PAGES for path in sorted(ROOT.glob(pattern))]
    theme = [file for file in files if file.src_dir != config.docs_dir]
    pages = [File(path, str(ROOT), config.site_dir, config.use_directory_urls) for path in own]
    return Files([*theme, *pages])


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Adapt links and nested lists of a page, and warn about links to files that do not exist."""
    del config

    def adapted(link: re.Match[str]) -> str:
        return _adapted_link(link, page.file.src_uri, files)

    parts = CODE_BLOCK.split(markdown)
    parts[::2] = [LINK.sub(adapted, NESTED_ITEM.sub("    ", part)) for part in parts[::2]]
    return "".join(parts)


def _adapted_link(link: re.Match[str], page: str, files: Files) -> str:
    if re.match(r"[a-z]+:", link["target"]):
        return link[0]
    target = ((ROOT / page).parent / link["target"]).resolve()
    if not target.exists():
        log.warning("%s: the link target %s does not exist", page, link["target"])
    if not target.exists() or _is_page(target, files):
        return link[0]
    if _is_page(target / "README.md", files):
        return f"[{link['text']}]({link['target'].rstrip('/')}/README.md{link['anchor'] or ''})"
    return link["text"]


def _is_page(path: Path, files: Files) -> bool:
    return path.is_relative_to(ROOT) and files.get_file_from_path(path.relative_to(ROOT).as_posix()) is not None
