"""Runs bandit on the Python code, as configured in `pyproject.toml`."""

from pathlib import Path

from linters.comments import lines_without_findings
from linters.findings import Acknowledgment, Finding
from linters.programs import COMMON, ROOT, LinterError, run_for_json


def find(folder: Path = ROOT) -> tuple[list[Finding], list[Acknowledgment]]:
    """Return bandit's findings, and the comments that accept them.

    Bandit ignores the comments here. Its own judgment would not report those that accept nothing.

    Args:
        folder: The folder with the code.

    Raises:
        LinterError: Bandit is not installed, or cannot read a file.
    """
    options = ("--recursive", "--quiet", "--ignore-nosec", "--format", "json", "--configfile", ROOT / "pyproject.toml")
    report = run_for_json([COMMON / "bandit", *options, "."], folder=folder)
    if report["errors"]:
        raise LinterError(f"bandit cannot read these files: {report['errors']}")
    findings = [
        Finding(
            rule=each["test_id"],
            place=each["filename"].removeprefix("./"),
            lines=range(each["line_range"][0], each["line_range"][-1] + 1),
            message=each["issue_text"],
        )
        for each in report["results"]
    ]
    read = [name.removeprefix("./") for name in report["metrics"] if name != "_totals"]
    texts = {name: (folder / name).read_text(encoding="utf-8") for name in read}
    return findings, [each for name, text in texts.items() for each in lines_without_findings(name, text)]
