"""The text of the repository avoids words that hide who does what, and spells as AWS and Python do."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("benchmarks", "cli", "contract", "docs", "drills", "infra", "job_code", "lambdas", "local_cloud", "tests")
SUFFIXES = (".py", ".md", ".j2", ".toml")
AVOIDED = re.compile(
    r"\b(told|anew|mend(s|ed|ing)?|whatever|in vain|looked at|looks at|beside|once more|all the same"
    r"|learnt|teach(es)?|taught|foretold|judged|neighbour\w*|synthesi[s]e\w*|serialise\w*|recognise\w*|authorise\w*"
    r"|colour\w*|artefact\w*|catalogue\w*)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_text_has_an_avoided_word(folder: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}: {match[0]}"
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in SUFFIXES and file != Path(__file__)
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
        for match in AVOIDED.finditer(line)
    ]
    assert found == []


def test_the_pages_at_the_top_have_no_avoided_word() -> None:
    pages = [file for file in ROOT.glob("*.md") if file.name != "CHANGELOG.md"]
    assert {file.name: AVOIDED.findall(file.read_text(encoding="utf-8")) for file in pages} == {
        file.name: [] for file in pages
    }
