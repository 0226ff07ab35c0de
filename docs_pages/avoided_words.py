"""Find words that hide who does what, and British spellings. The text of the repository avoids them."""

import re
from collections.abc import Iterator
from pathlib import Path

FOLDERS = (
    "benchmarks",
    "cli",
    "contract",
    "docs",
    "docs_pages",
    "drills",
    "environments",
    "infra",
    "job_code",
    "lambdas",
    "local_cloud",
    "tests",
)
SUFFIXES = (".py", ".md", ".j2", ".toml", ".js", ".css", ".yml")
# The list itself, its test, and the history of renamed things have these words.
EXEMPT = ("docs_pages/avoided_words.py", "tests/unit/test_words.py", "CHANGELOG.md")
VAGUE = (
    "told",
    "foretold",
    "anew",
    "afresh",
    "mend(?:s|ed|ing)?",
    "whatever",
    "whoever",
    "in vain",
    "look(?:s|ed|ing)? at",
    "beside",
    "of which there (?:is|are)",
    "once more",
    "all the same",
    "learnt",
    "teach(?:es)?",
    "taught",
    "judged",
)
BRITISH = (
    r"neighbour\w*",
    r"synthesi[s]e\w*",
    r"serialise\w*",
    r"recognise\w*",
    r"authorise\w*",
    r"colour\w*",
    r"artefact\w*",
    r"catalogue\w*",
)
AVOIDED = re.compile(rf"\b({'|'.join((*VAGUE, *BRITISH))})\b", re.IGNORECASE)


def occurrences(root: Path) -> Iterator[tuple[str, str]]:
    """Yield place (`docs/runbook.md:12`) and word of each avoided word, in names, code, comments and prose.

    Args:
        root: Folder of the repository.
    """
    for file in _texts(root):
        name = file.relative_to(root).as_posix()
        # Line 0 is the file's name.
        for number, line in enumerate([name, *file.read_text(encoding="utf-8").splitlines()]):
            # The regular expression takes an underscore as a part of a word.
            for match in AVOIDED.finditer(line.replace("_", " ")):
                yield f"{name}:{number}", match[0].lower()


def counts(root: Path) -> dict[str, int]:
    """Return the number of occurrences of each avoided word, including zeros."""
    found = [word for _, word in occurrences(root)]
    return {pattern: sum(bool(re.fullmatch(pattern, word)) for word in found) for pattern in (*VAGUE, *BRITISH)}


def _texts(root: Path) -> Iterator[Path]:
    yield from (file for file in sorted(root.glob("*.md")) if file.name not in EXEMPT)
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in SUFFIXES and file.relative_to(root).as_posix() not in EXEMPT:
                yield file
