"""Environments with the shortest and the longest names, and the references in their templates as text."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from linters.assembly import Stack, read_stacks
from linters.references import References

# Names of environment and prefix at the limits of `infra.settings`, and names with one character more.
NAMES = {"shortest": ("e", "p"), "longest": ("environment1", "fifteenletters1")}
TOO_LONG = ("environment12", "fifteenletters12")
# Replacements in prod.toml: everything that has a name of its own, in one environment.
_EVERYTHING = {
    "[network] ": "[partitions]\ndiscover = true\nmax_concurrency = 20\n\n[network] ",
    "# infer_cron": "infer_cron",
    'removal_policy = "retain"': f'removal_policy = "retain"\npermissions_boundary = "{"b" * 128}"',
    'application = "onejob"': f'"{"k" * 128}" = "{"v" * 256}"',
}
EXTREMES = {
    name: {**_EVERYTHING, 'name_prefix = "onejob"': f'name_prefix = "{prefix}"'} for name, (_, prefix) in NAMES.items()
}


@dataclass(frozen=True)
class Extreme:
    """A synthesized environment.

    Attributes:
        folder: The assembly.
    """

    folder: Path

    @cached_property
    def stacks(self) -> list[Stack]:
        return read_stacks(self.folder)

    @cached_property
    def resources(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Construct path, type and properties of every resource, without intrinsic functions."""
        references = References(self.stacks)
        return [
            (stack.path(logical_id), each["Type"], references.resolve(each.get("Properties", {})))
            for stack in self.stacks
            for logical_id, each in stack.resources.items()
        ]
