"""Gives every IAM policy in the templates to parliament."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from linters.assembly import Stack
from linters.findings import Finding
from linters.programs import OWN, run
from linters.references import ACCOUNT, References

# What a policy without resources, or with `*` for its own resource, belongs to. Parliament expects a resource.
_OWNERS = {
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/own",
    "AWS::KMS::Key": f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef",
}


def documents(stacks: list[Stack]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every policy of an environment without intrinsic functions, and the path of its construct."""
    references = References(stacks)
    for stack in stacks:
        for logical_id, resource in stack.resources.items():
            for value in resource.get("Properties", {}).values():
                if isinstance(value, dict) and "Statement" in value:
                    policy = references.resolve(value)
                    for statement in policy["Statement"]:
                        _complete(statement, resource["Type"])
                    yield stack.path(logical_id), policy


def _complete(statement: dict[str, Any], kind: str) -> None:
    """Change what AWS accepts and parliament does not."""
    if kind in _OWNERS:
        statement["Resource"] = _OWNERS[kind]
    for conditions in statement.get("Condition", {}).values():
        for key, value in conditions.items():
            conditions[key] = str(round(value)) if isinstance(value, float) else value


def find(stacks: list[Stack]) -> Iterator[Finding]:
    """Yield parliament's findings in the policies of an environment."""
    return find_in(documents(stacks))


def find_in(policies: Iterable[tuple[str, Mapping[str, Any]]]) -> Iterator[Finding]:
    """Yield parliament's findings in policies without intrinsic functions.

    Args:
        policies: Each policy, and its place.
    """
    with TemporaryDirectory() as temporary:
        paths = {}
        for number, (path, policy) in enumerate(policies):
            file = Path(temporary) / f"{number}.json"
            file.write_text(json.dumps(policy), encoding="utf-8")
            paths[str(file)] = path
        report = run([OWN / "parliament", "--directory", temporary, "--json"]).stdout
    for line in report.splitlines():
        finding = json.loads(line)
        yield Finding(
            rule=f"parliament-{finding['issue']}",
            place=paths[finding["location"]["filepath"]],
            message=f"{finding['title']}: {finding['detail']}",
        )
