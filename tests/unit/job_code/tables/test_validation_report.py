import pytest

from job_code.errors import InputError
from job_code.tables.validation_report import ValidationReport, plural


def test_equal_problems_are_counted_together_and_a_few_shown() -> None:
    findings = ValidationReport()
    findings.add("demand", "row", "with text", remedy="mend", count=0, examples=[])
    assert not findings.messages()
    findings.raise_if_any()
    findings.state("cutoff: too late; wait")
    for part in ("ab", "cd", "ef"):
        findings.add("demand", "row", "with text", remedy="mend", count=1000, examples=list(part))
    findings.add("static", "row", "with text", remedy="mend", count=1, examples=[])
    assert findings.messages() == [
        "demand: 3,000 rows with text, e.g. a, b, c; mend",
        "static: 1 row with text; mend",
        "cutoff: too late; wait",
    ]
    with pytest.raises(InputError) as refused:
        findings.raise_if_any()
    assert refused.value.problems == tuple(findings.messages())
    assert refused.value.exit_code == 2


def test_what_was_found_elsewhere_is_added() -> None:
    here, there = ValidationReport(), ValidationReport()
    here.add("demand", "row", "with text", remedy="mend", count=2, examples=["a", "b"])
    there.add("demand", "file", "that is empty", remedy="delete it", count=1, examples=["x"])
    there.add("demand", "row", "with text", remedy="mend", count=5, examples=["c", "d", "e"])
    there.state("cutoff: too late; wait")
    here.absorb(there)
    here.absorb(ValidationReport())
    assert here.messages() == [
        "demand: 7 rows with text, e.g. a, b, c; mend",
        "demand: 1 file that is empty, e.g. x; delete it",
        "cutoff: too late; wait",
    ]
    assert there.messages()[1].startswith("demand: 5 rows with text, e.g. c, d, e")


def test_a_problem_is_one_line_whatever_is_in_it() -> None:
    error = InputError(["demand: key a\nb\r\n\x00c\u2028d\tgröße; mend"])
    assert error.problems == ("demand: key a b ?c d größe; mend",)
    assert str(error) == error.problems[0]


@pytest.mark.parametrize(
    ("count", "noun", "text"),
    [(1, "row", "1 row"), (0, "row", "0 rows"), (2000, "file", "2,000 files"), (3, "series", "3 series")],
)
def test_plural(count: int, noun: str, text: str) -> None:
    assert plural(count, noun) == text
