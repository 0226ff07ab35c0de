"""Runs the linters of templates, and of the files beside them."""

from collections.abc import Sequence
from pathlib import Path

from linters import checkov, policies, state_machines
from linters.assembly import read_stacks
from linters.findings import Acknowledgment, Finding


def find(folders: Sequence[Path]) -> tuple[list[Finding], list[Acknowledgment]]:
    """Return all findings and acknowledgments.

    Args:
        folders: What `cdk synth` wrote for each environment.
    """
    environments = [read_stacks(folder) for folder in folders]
    every = [stack for stacks in environments for stack in stacks]
    findings = list(checkov.find(every))
    for stacks in environments:
        findings += [*policies.find(stacks), *state_machines.find(stacks)]
    return findings, [*checkov.acknowledgments(), *(each for stack in every for each in stack.acknowledgments())]
