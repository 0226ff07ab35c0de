"""Gives every state machine's definition in the templates to asl-validator."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from linters.assembly import Stack
from linters.findings import Finding
from linters.programs import COMMON, ROOT, run
from linters.references import References

RULE = "asl-validator"
_VALIDATOR = ROOT / "node_modules" / ".bin" / "asl-validator"


def definitions(stacks: list[Stack]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every definition of an environment without intrinsic functions, and the path of its construct."""
    references = References(stacks)
    for stack in stacks:
        for path, properties in stack.of_type("AWS::StepFunctions::StateMachine"):
            yield path, json.loads(references.resolve(properties["DefinitionString"]))


def find(stacks: list[Stack]) -> Iterator[Finding]:
    """Yield asl-validator's findings in the definitions of an environment."""
    with TemporaryDirectory() as temporary:
        file = Path(temporary) / "definition.json"
        for path, definition in definitions(stacks):
            file.write_text(json.dumps(definition), encoding="utf-8")
            done = run([COMMON / "node", _VALIDATOR, "--json-path", file])
            if done.returncode:
                _, _, reasons = (done.stdout + done.stderr).partition("is invalid:")
                yield Finding(rule=RULE, place=path, message=" ".join(reasons.split()))
