"""The linters of the templates find nothing in unusual environments, and find the faults that a test puts in."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linters import policies, state_machines, templates
from linters.assembly import read_stacks
from linters.findings import find_problems
from tests.infra.conftest import OTHERS, PARTITIONS
from tests.synthesis import Assembly


@pytest.fixture
def changed(synthesized: dict[str, Assembly], tmp_path: Path) -> Callable[..., Path]:
    """`changed(one, another)`: a copy of prod's assembly after functions changed its parts."""

    def change(**parts: Callable[[dict[str, Any]], None]) -> Path:
        for file in synthesized["prod"].folder.glob("onejob-prod-*.json"):
            shutil.copy(file, tmp_path)
        for part, edit in parts.items():
            file = tmp_path / f"onejob-prod-{part.replace('_', '.')}.json"
            content = json.loads(file.read_text())
            edit(content)
            file.write_text(json.dumps(content))
        return tmp_path

    return change


def the(template: dict[str, Any], kind: str, prefix: str = "") -> dict[str, Any]:
    """Return the properties of the first resource of a type whose logical id has a prefix."""
    return next(
        each["Properties"]
        for logical_id, each in template["Resources"].items()
        if each["Type"] == kind and logical_id.startswith(prefix)
    )


@pytest.mark.parametrize("name", OTHERS)
def test_unusual_environments_have_no_problem(synthesized: dict[str, Assembly], name: str) -> None:
    assert list(find_problems(*templates.find([synthesized[name].folder]))) == []


@pytest.mark.parametrize("name", ["dev", PARTITIONS])
def test_parliament_and_asl_validator_get_every_policy_and_every_definition(
    synthesized: dict[str, Assembly], name: str
) -> None:
    stacks = read_stacks(synthesized[name].folder)
    text = "".join(stack.file.read_text() for stack in stacks)
    # Only policies have statements, so none may be in a place where the linter does not look.
    assert len(list(policies.documents(stacks))) == text.count('"Statement": [') > 20
    assert len(list(state_machines.definitions(stacks))) == text.count('"DefinitionString": {') > 0


def test_each_linter_reports_a_fault_and_a_stale_acknowledgment(changed: Callable[..., Path]) -> None:
    def open_bucket(template: dict[str, Any]) -> None:
        del the(template, "AWS::S3::Bucket", "Demand")["PublicAccessBlockConfiguration"]

    def misspell(template: dict[str, Any]) -> None:
        statements = the(template, "AWS::IAM::Policy", "Publish")["PolicyDocument"]["Statement"]
        statements[0]["Action"] = "s3:GetObjects"
        the(template, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"][0]["Condition"] = {
            "ArnIs": {"aws:SourceArn": "arn:aws:sns:eu-central-1:123456789012:x"}
        }
        parts = the(template, "AWS::StepFunctions::StateMachine", "Workflow")["DefinitionString"]["Fn::Join"][1]
        place = next(number for number, part in enumerate(parts) if '"ResultPath":"$.plan"' in part)
        parts[place] = parts[place].replace('"$.plan"', '"$[*].plan"', 1)

    def acknowledge(metadata: dict[str, Any]) -> None:
        entry = {"type": "aws:cdk:acknowledged-rules", "data": {"Annotation::CKV_AWS_1": "A reason."}}
        metadata["/onejob-prod-data/Demand"] = [entry]
        role = metadata["/onejob-prod-data/AccessLogs/Bucket"]
        role[:] = [each for each in role if "Annotation::CKV_AWS_18" not in str(each["data"])]

    folder = changed(data_template=open_bucket, data_metadata=acknowledge, forecast_template=misspell)
    problems = list(find_problems(*templates.find([folder])))
    rules = sorted(problem.partition(": ")[2].partition(": ")[0] for problem in problems)
    assert rules == [
        "CKV_AWS_1 is acknowledged, but the linter finds nothing there; remove it",
        "CKV_AWS_18",
        "CKV_AWS_53",
        "CKV_AWS_54",
        "CKV_AWS_55",
        "CKV_AWS_56",
        "asl-validator",
        "parliament-UNKNOWN_ACTION",
        "parliament-UNKNOWN_OPERATOR",
    ], problems
