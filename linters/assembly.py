"""Reads what `cdk synth` wrote: templates, the constructs of their resources, and acknowledgments."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from linters.findings import Acknowledgment

# cdk-nag judges its own findings during the synthesis.
_OF_CDK_NAG = ("AwsSolutions-", "NIST.")


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A synthesized stack.

    Attributes:
        file: Its template.
        template: The content of that file.
        metadata: What the CDK wrote about each construct, by path.
    """

    file: Path
    template: Mapping[str, Any]
    metadata: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the stack."""
        return self.file.name.partition(".")[0]

    @cached_property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources by logical id."""
        return dict(self.template["Resources"])

    @cached_property
    def _paths(self) -> dict[str, str]:
        return {
            entry["data"]: path.lstrip("/")
            for path, entries in self.metadata.items()
            for entry in entries
            if entry["type"] == "aws:cdk:logicalId"
        }

    def path(self, logical_id: str) -> str:
        """Return the path of a resource's construct."""
        return self._paths[logical_id]

    def of_type(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield construct path and properties of each resource of a type."""
        for logical_id, resource in self.resources.items():
            if resource["Type"] == kind:
                yield self.path(logical_id), resource.get("Properties", {})

    def acknowledgments(self) -> Iterator[Acknowledgment]:
        """Yield what `infra.common.nag` acknowledged, except findings of cdk-nag."""
        for path, entries in self.metadata.items():
            for entry in entries:
                if entry["type"] == "aws:cdk:acknowledged-rules":
                    for rule, reason in entry["data"].items():
                        _, _, known = rule.rpartition("::")
                        if not rule.removeprefix("Annotation::").startswith(_OF_CDK_NAG):
                            yield Acknowledgment(rule=known, place=path.lstrip("/"), reason=reason)


def read_stacks(folder: Path) -> list[Stack]:
    """Read the stacks in a folder that `cdk synth` wrote."""
    return [
        Stack(
            file=file,
            template=json.loads(file.read_text(encoding="utf-8")),
            metadata=json.loads(file.with_name(file.name.replace(".template.", ".metadata.")).read_text()),
        )
        for file in sorted(folder.glob("*.template.json"))
    ]
