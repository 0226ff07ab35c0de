"""Pages that readers open first are easy to read, every page names its readers, and decisions have the usual form."""

import re
from datetime import date
from pathlib import Path

import pytest

from docs_pages.generated import ROOT
from docs_pages.readability import MEASURED, MIN_READING_EASE, hardest, reading_ease, sentences

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives"]
HARD = (
    "The reconciliation of heterogeneous organizational hierarchies necessitates considerable computational resources."
)
EASY = "The job reads the demand. It writes the forecasts."


@pytest.mark.parametrize("name", MEASURED)
def test_the_page_is_easy_to_read(name: str) -> None:
    assert reading_ease((ROOT / name).read_text(encoding="utf-8")) >= MIN_READING_EASE


def test_hard_prose_is_below_the_bar() -> None:
    assert reading_ease(HARD) < 0 < MIN_READING_EASE < 75 < reading_ease(EASY)
    assert [sentence.text for sentence in hardest(f"{EASY} {HARD}", 1)] == [HARD]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Title\n\nThe job\nends. It sends a message.", ["The job ends.", "It sends a message."]),
        ("```\nx = 1\n```\n\nText.", ["Text."]),
        ("| a | b |\n|---|---|\n| c | d |\n\nText.", ["Text."]),
        ("<!-- note -->\n<br>Text", ["Text."]),
        ("- first\n- second\n\n1. third", ["first.", "second.", "third."]),
        ("See the [long page](docs/page.md#x).", ["See the long page."]),
        ("Set `max_runtime_minutes` to **5.5**.", ["Set max runtime minutes to 55."]),
        ("The table `<name>-runs` has it.", ["The table name runs has it."]),
    ],
)
def test_sentences_are_the_prose_of_a_page(markdown: str, expected: list[str]) -> None:
    assert list(sentences(markdown)) == expected


@pytest.mark.parametrize(
    "page",
    [page for page in sorted((ROOT / "docs").rglob("*.md")) if page not in DECISIONS],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_a_page_begins_with_its_readers(page: Path) -> None:
    lines = [line for line in page.read_text(encoding="utf-8").splitlines() if line and not line.startswith("<!--")]
    assert lines[0].startswith("# ")
    assert re.match(r"For (the|every) (operator|planner|engineer|data scientist|reader)\b", lines[1]), lines[1]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_the_usual_form(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem[:3]} ")
    status = re.search(r"^\*\*Status:\*\* (\w+)", text, re.MULTILINE)
    assert status is not None
    assert status[1] in ("proposed", "accepted", "superseded")
    day = re.search(r"^\*\*Date:\*\* (\S+)$", text, re.MULTILINE)
    assert day is not None
    assert date.fromisoformat(day[1])
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS
    sections = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    assert all(len(section.split()) > 10 for section in sections)


def test_the_overview_has_every_decision() -> None:
    overview = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    rows = [
        f"| {title[:3]} | [{title[4:]}]({page.name}) | {status} | {day} |"
        for page in DECISIONS
        for title, status, day in re.findall(
            r"^# (.+)\n\n\*\*Status:\*\* (\w+)\n\n\*\*Date:\*\* (\S+)", page.read_text()
        )
    ]
    assert len(rows) == len(DECISIONS) == 12
    assert [row for row in rows if row not in overview] == []
