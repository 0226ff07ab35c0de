"""Names, descriptions and sizes satisfy the models of the services, for the shortest and the longest settings."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from infra.settings.environment import ENVIRONMENT_PATTERN, DeploymentSettings
from local_cloud.core.request_validation import find_errors, request_shape
from tests.infra.extremes import NAMES, TOO_LONG, Extreme
from tests.synthesis import ROOT

# The call that creates a resource. None: the model of the call has no limits, or other names than the type.
CALLS = {
    "AWS::Athena::WorkGroup": ("athena", "CreateWorkGroup"),
    "AWS::Budgets::Budget": None,
    "AWS::CloudWatch::Alarm": ("cloudwatch", "PutMetricAlarm"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", "PutDashboard"),
    "AWS::DynamoDB::Table": ("dynamodb", "CreateTable"),
    "AWS::EC2::FlowLog": None,
    "AWS::EC2::RouteTable": None,
    "AWS::EC2::SecurityGroup": None,
    "AWS::EC2::SecurityGroupEgress": None,
    "AWS::EC2::SecurityGroupIngress": None,
    "AWS::EC2::Subnet": None,
    "AWS::EC2::SubnetRouteTableAssociation": None,
    "AWS::EC2::VPC": None,
    "AWS::EC2::VPCEndpoint": None,
    "AWS::Events::Rule": ("events", "PutRule"),
    "AWS::Glue::Database": None,
    "AWS::IAM::Policy": ("iam", "PutRolePolicy"),
    "AWS::IAM::Role": ("iam", "CreateRole"),
    "AWS::KMS::Alias": ("kms", "CreateAlias"),
    "AWS::KMS::Key": ("kms", "CreateKey"),
    "AWS::Lambda::Function": ("lambda", "CreateFunction"),
    "AWS::Lambda::Permission": ("lambda", "AddPermission"),
    "AWS::Logs::LogGroup": ("logs", "CreateLogGroup"),
    "AWS::S3::Bucket": None,
    "AWS::S3::BucketPolicy": None,
    "AWS::SNS::Subscription": None,
    "AWS::SNS::Topic": None,
    "AWS::SNS::TopicPolicy": None,
    "AWS::SQS::Queue": None,
    "AWS::SQS::QueuePolicy": None,
    "AWS::Scheduler::Schedule": ("scheduler", "CreateSchedule"),
    "AWS::StepFunctions::StateMachine": ("stepfunctions", "CreateStateMachine"),
}
# Properties of the types with another name in the call.
RENAMED = {("AWS::StepFunctions::StateMachine", "StateMachineName"): "name"}
# Lambda's limit for the names and values of all variables of a function.
ENVIRONMENT_BYTES = 4_096


def breaches(extreme: Extreme) -> Iterator[str]:
    """Yield each text and number in the properties of a resource that the service would refuse."""
    for path, kind, properties in extreme.resources:
        call = CALLS[kind]
        members = {} if call is None else {name.lower(): each for name, each in request_shape(*call).members.items()}
        for name, value in properties.items():
            member = members.get(RENAMED.get((kind, name), name).lower())
            if member is not None and isinstance(value, str | int):
                as_requested: Any = value if member.type_name == "string" or isinstance(value, int) else int(value)
                yield from (f"{path}: {error}" for error in find_errors(as_requested, member, name))


@pytest.mark.parametrize("name", NAMES)
def test_the_services_accept_every_name_and_description(extremes: dict[str, Extreme], name: str) -> None:
    assert list(breaches(extremes[name])) == []


def test_a_name_that_is_too_long_is_found(extremes: dict[str, Extreme]) -> None:
    functions = [each for each in extremes["longest"].resources if each[1] == "AWS::Lambda::Function"]
    path, kind, properties = functions[0]
    longer = Extreme(Path())
    longer.__dict__["resources"] = [(path, kind, properties | {"FunctionName": "f" * 141, "Description": "d" * 257})]
    assert len(list(breaches(longer))) == 2


@pytest.mark.parametrize("name", NAMES)
def test_cfn_lint_accepts_the_templates(extremes: dict[str, Extreme], name: str) -> None:
    templates = [str(stack.file) for stack in extremes[name].stacks]
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--", *templates]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_variables_of_every_function_fit(extremes: dict[str, Extreme]) -> None:
    """Half of the limit is left for a long configuration, and for names of partitions up to their own limit."""
    sizes = {
        path: sum(len(key.encode()) + len(str(value).encode()) for key, value in variables.items())
        for path, kind, properties in extremes["longest"].resources
        if kind == "AWS::Lambda::Function" and (variables := properties.get("Environment", {}).get("Variables"))
    }
    assert len(sizes) > 10
    assert {path: size for path, size in sizes.items() if size > ENVIRONMENT_BYTES // 2} == {}


def test_longer_names_are_refused() -> None:
    environment, prefix = TOO_LONG
    assert re.fullmatch(ENVIRONMENT_PATTERN, environment) is None
    with pytest.raises(ValidationError, match="1 to 15 lower-case letters"):
        DeploymentSettings(name_prefix=prefix, region="eu-central-1", removal_policy="retain")
    for longest, too_long in zip(NAMES["longest"], TOO_LONG, strict=True):
        assert len(too_long) == len(longest) + 1
