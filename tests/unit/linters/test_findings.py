"""A finding or an acknowledgment without the other fails, in the code and in the judgment of all linters."""

from pathlib import Path

import pytest

from linters import bandit
from linters.comments import lines_without_findings, rules_without_findings, without_skips
from linters.findings import Acknowledgment, Finding, find_problems

FOUND = Finding(rule="R1", place="stack/Function/Resource", message="it is open")


def test_each_finding_needs_an_acknowledgment_on_its_construct_or_above() -> None:
    accepted = Acknowledgment(rule="R1", place="stack/Function", reason="it must be")
    assert list(find_problems([FOUND], [accepted])) == []
    assert list(find_problems([FOUND], [])) == ["stack/Function/Resource: R1: it is open"]


@pytest.mark.parametrize(("rule", "place"), [("R2", "stack/Function"), ("R1", "stack/Fun"), ("R1", "stack/Role")])
def test_an_acknowledgment_of_something_else_is_stale_and_accepts_nothing(rule: str, place: str) -> None:
    other = Acknowledgment(rule=rule, place=place, reason="it must be")
    assert list(find_problems([FOUND], [other])) == [
        "stack/Function/Resource: R1: it is open",
        f"{place}: {rule} is acknowledged, but the linter finds nothing there; remove it",
    ]


def test_an_acknowledgment_needs_a_reason() -> None:
    accepted = Acknowledgment(rule="R1", place="stack/Function", reason="")
    assert list(find_problems([FOUND], [accepted])) == ["stack/Function: R1 is acknowledged without a reason; add it"]


def test_bandit_reports_each_line_that_no_comment_accepts_and_each_stale_comment(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import subprocess\n"
        "subprocess.run(command)\n"
        "subprocess.run(command)  # nosec B603 # our program\n"
        "subprocess.run(\n"
        "    command,\n"
        ")  # nosec B603\n"
        "print(command)  # nosec B603, B604 # our program\n"
        "subprocess.run(command)  # nosec\n"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_program.py").write_text("import pickle\npickle.loads(data)\n")
    assert sorted(find_problems(*bandit.find(tmp_path))) == [
        "program.py:2: B603: subprocess call - check for execution of untrusted input.",
        "program.py:6: B603 is acknowledged without a reason; add it",
        "program.py:7: B603 is acknowledged, but the linter finds nothing there; remove it",
        "program.py:7: B604 is acknowledged, but the linter finds nothing there; remove it",
        "program.py:8: B603: subprocess call - check for execution of untrusted input.",
        "program.py:8: any rule is acknowledged without a reason; add it",
        "program.py:8: any rule is acknowledged, but the linter finds nothing there; remove it",
    ]


def test_comments_without_acknowledgments_are_none() -> None:
    assert list(lines_without_findings("a.py", "# a nosecond\nsecret = 1  # noqa: E501\n")) == []


def test_checkov_sees_no_comment_that_accepts_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("# The base.\n# checkov:skip=CKV_DOCKER_2:nobody asks\nFROM scratch  #checkov:skip=CKV_DOCKER_3\n")
    assert list(rules_without_findings("Dockerfile", file)) == [
        Acknowledgment(rule="CKV_DOCKER_2", place="Dockerfile", reason="nobody asks"),
        Acknowledgment(rule="CKV_DOCKER_3", place="Dockerfile", reason=""),
    ]
    assert without_skips(file.read_text()) == "# The base.\n#\nFROM scratch  #\n"
