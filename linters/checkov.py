"""Runs checkov on the templates, the workflows and the Dockerfiles."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from linters.assembly import Stack
from linters.comments import rules_without_findings, without_skips
from linters.findings import Acknowledgment, Finding
from linters.programs import OWN, ROOT, LinterError, run_for_json

# The files that nothing synthesizes. Their acknowledgments are comments. Tests are not deployed.
_FILES = (".github/**/*.yml", "job_code/Dockerfile")
_OPTIONS = ("--quiet", "--compact", "--skip-download", "--output", "json", "--framework")
_FRAMEWORKS = ("cloudformation", "github_actions", "dockerfile")


def files() -> list[str]:
    """Return the files that nothing synthesizes, relative to the repository."""
    return [str(file.relative_to(ROOT)) for pattern in _FILES for file in sorted(ROOT.glob(pattern))]


def find(stacks: list[Stack]) -> Iterator[Finding]:
    """Yield checkov's findings in the templates, and in the files that nothing synthesizes.

    Checkov reads copies without the acknowledgments. Its own judgment would not report those that accept nothing.

    Raises:
        LinterError: Checkov is not installed, or cannot read a file.
    """
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in files():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(without_skips((ROOT / name).read_text(encoding="utf-8")), encoding="utf-8")
        for stack in stacks:
            (folder / stack.file.name).write_bytes(stack.file.read_bytes())
        reports = run_for_json([OWN / "checkov", *_OPTIONS, *_FRAMEWORKS, "--directory", folder])
    by_file = {stack.file.name: stack for stack in stacks}
    for report in reports:
        if report["summary"]["parsing_errors"]:
            raise LinterError(f"checkov cannot read these files: {report['results']['parsing_errors']}")
        yield from (_finding(each, by_file) for each in report["results"]["failed_checks"])


def _finding(check: Mapping[str, Any], stacks: Mapping[str, Stack]) -> Finding:
    file = check["file_path"].lstrip("/")
    stack = stacks.get(file)
    place = stack.path(check["resource"].rpartition(".")[2]) if stack else file
    return Finding(rule=check["check_id"], place=place, message=check["check_name"])


def acknowledgments() -> Iterator[Acknowledgment]:
    """Yield the acknowledgments in the files that nothing synthesizes."""
    for name in files():
        yield from rules_without_findings(name, ROOT / name)
