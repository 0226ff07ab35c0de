"""Acknowledgments in comments, in the notation of bandit and of checkov."""

import re
from collections.abc import Iterator
from pathlib import Path

from linters.findings import Acknowledgment

# For example: nosec B603 # the CDK CLI
_NOSEC = re.compile(r"#\s*nosec\b:?[ ]*(?P<rules>[B\d, ]*)(?:#(?P<reason>.*))?")
# For example: checkov:skip=CKV_DOCKER_2:SageMaker calls no health check
_SKIP = re.compile(r"#\s*checkov:skip=(?P<rule>\w+)(?::(?P<reason>.*))?")


def lines_without_findings(place: str, text: str) -> Iterator[Acknowledgment]:
    """Yield the acknowledgments of bandit's findings. Each is for one line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _NOSEC.search(line):
            # Bandit reads a comment without rules as an acknowledgment of all.
            for rule in re.findall(r"B\d+", match["rules"]) or ["any rule"]:
                yield Acknowledgment(rule=rule, place=place, line=number, reason=(match["reason"] or "").strip())


def rules_without_findings(place: str, file: Path) -> Iterator[Acknowledgment]:
    """Yield the acknowledgments of checkov's findings in a file. Each is for the whole file."""
    for match in _SKIP.finditer(file.read_text(encoding="utf-8")):
        yield Acknowledgment(rule=match["rule"], place=place, reason=(match["reason"] or "").strip())


def without_skips(text: str) -> str:
    """Return a text whose findings checkov reports although they are acknowledged."""
    return _SKIP.sub("#", text)
