import pytest

from job_code.errors import InputError
from job_code.tables.validation_report import ValidationReport, plural


def test_equal_problems_are_counted_together_with_a_few_examples() -> None:
    findings = ValidationReport()
    findings.add("demand", "row", "with text", remedy="Fix it", count=0, examples=[])
    assert not findings.messages()
    findings.raise_if_any()
    findings.add_message("cutoff: too late. Wait")
    for part in ("ab", "cd", "ef"):
        findings.add("demand", "row", "with text", remedy="Fix it", count=1000, examples=list(part))
    findings.add("static", "row", "with text", remedy="Fix it", count=1, examples=[])
    assert findings.messages() == [
        "demand: 3,000 rows with text, e.g. a, b, c. Fix it",
        "static: 1 row with text. Fix it",
        "cutoff: too late. Wait",
    ]
    with pytest.raises(InputError) as error:
        findings.raise_if_any()
    assert error.value.problems == tuple(findings.messages())
    assert error.value.exit_code == 2


def test_merge_appends_the_findings_of_another_report() -> None:
    here, there = ValidationReport(), ValidationReport()
    here.add("demand", "row", "with text", remedy="Fix it", count=2, examples=["a", "b"])
    there.add("demand", "file", "that is empty", remedy="Delete it", count=1, examples=["x"])
    there.add("demand", "row", "with text", remedy="Fix it", count=5, examples=["c", "d", "e"])
    there.add_message("cutoff: too late. Wait")
    here.merge(there)
    here.merge(ValidationReport())
    assert here.messages() == [
        "demand: 7 rows with text, e.g. a, b, c. Fix it",
        "demand: 1 file that is empty, e.g. x. Delete it",
        "cutoff: too late. Wait",
    ]
    assert there.messages()[1].startswith("demand: 5 rows with text, e.g. c, d, e")


def test_only_errors_end_a_run() -> None:
    here, there = ValidationReport(), ValidationReport()
    there.add("demand", "row", "dated\n2062", remedy="Fix it", count=1, examples=["A"], level="warning")
    there.add_message("cutoff: early. Wait", level="warning")
    there.add("demand", "row", "dated\n2062", remedy="Fix it", count=3, examples=[], level="note")
    here.merge(there)
    here.raise_if_any()
    assert here.messages() == []
    assert here.messages("warning") == ["demand: 1 row dated 2062, e.g. A. Fix it", "cutoff: early. Wait"]
    assert here.messages("note") == ["demand: 3 rows dated 2062. Fix it"]


def test_a_problem_with_line_breaks_becomes_one_line() -> None:
    error = InputError(["demand: key a\nb\r\n\x00c\u2028d\tgröße. Fix it"])
    assert error.problems == ("demand: key a b ?c d größe. Fix it",)
    assert str(error) == error.problems[0]


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(1, "row", "1 row"), (0, "row", "0 rows"), (2000, "file", "2,000 files"), (3, "series", "3 series")],
)
def test_plural(count: int, noun: str, text: str) -> None:
    assert plural(count, noun) == text
