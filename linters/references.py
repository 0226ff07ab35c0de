"""Replaces the intrinsic functions of templates with values of the right form, such as an ARN."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from linters.assembly import Stack
from linters.programs import LinterError

ACCOUNT = "123456789012"
REGION = "eu-central-1"
_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::URLSuffix": "amazonaws.com",
}
_HERE = f"{REGION}:{ACCOUNT}"
# The ARNs of the resource types that policies and state machines name. `{}` stands for the name.
_ARNS = {
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{_HERE}:alarm:{{}}",
    "AWS::CodeBuild::Project": f"arn:aws:codebuild:{_HERE}:project/{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{_HERE}:table/{{}}",
    "AWS::EC2::VPC": f"arn:aws:ec2:{_HERE}:vpc/{{}}",
    "AWS::ECR::Repository": f"arn:aws:ecr:{_HERE}:repository/{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{_HERE}:rule/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{_HERE}:key/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{_HERE}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{_HERE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:{_HERE}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{_HERE}:{{}}",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{_HERE}:stateMachine:{{}}",
}
# Types whose `Ref` is the ARN.
_REF_IS_ARN = {"AWS::SNS::Topic", "AWS::StepFunctions::StateMachine"}
# Names that a type generates in another form than a logical id.
_GENERATED = {
    "AWS::EC2::SecurityGroup": "sg-0123456789abcdef0",
    "AWS::EC2::Subnet": "subnet-0123456789abcdef0",
    "AWS::EC2::VPC": "vpc-0123456789abcdef0",
    "AWS::KMS::Key": "01234567-89ab-cdef-0123-456789abcdef",
}


class References:
    """Values for the references in the stacks of an environment.

    Args:
        stacks: The stacks. Each may import what another exports.
    """

    def __init__(self, stacks: Collection[Stack]) -> None:
        self._resources = {logical_id: each for stack in stacks for logical_id, each in stack.resources.items()}
        self._stacks = {logical_id: stack.name for stack in stacks for logical_id in stack.resources}
        self._exports = {
            output["Export"]["Name"]: output["Value"]
            for stack in stacks
            for output in stack.template.get("Outputs", {}).values()
            if "Export" in output
        }

    def resolve(self, value: Any) -> Any:  # noqa: ANN401 - as JSON has it
        """Return a part of a template with values instead of intrinsic functions.

        Raises:
            LinterError: A function, or the ARN of a type, is unknown here; add it.
        """
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        return {name: self.resolve(each) for name, each in value.items()}

    def _call(self, name: str, argument: Any) -> Any:  # noqa: ANN401 - as JSON has it
        match name:
            case "Ref":
                return _PSEUDO.get(argument) or self._reference(argument, "Ref")
            case "Fn::GetAtt":
                return self._reference(*argument)
            case "Fn::GetAZs":
                return [f"{REGION}{zone}" for zone in "abc"]
            case "Fn::ImportValue":
                return self.resolve(self._exports[argument])
            case "Fn::Join":
                return argument[0].join(str(each) for each in self.resolve(argument[1]))
            case "Fn::Select":
                return self.resolve(argument[1])[int(argument[0])]
            case "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            case "Fn::Sub":
                return re.sub(r"\$\{([^}!]+)\}", lambda match: str(self._call("Ref", match[1])), argument)
        raise LinterError(f"{name} is unknown; add it to References in linters/references.py")

    def _reference(self, logical_id: str, attribute: str) -> str:
        resource = self._resources[logical_id]
        kind = resource["Type"]
        name = self._name(logical_id, resource)
        if attribute == "Arn" or (attribute == "Ref" and kind in _REF_IS_ARN):
            if kind not in _ARNS:
                raise LinterError(f"the form of the ARN of {kind} is unknown; add it to _ARNS in linters/references.py")
            return _ARNS[kind].format(name)
        return name

    def _name(self, logical_id: str, resource: Mapping[str, Any]) -> str:
        """Return the name in the properties, or one of the form that CloudFormation generates."""
        kind = resource["Type"]
        own = f"{kind.rpartition('::')[2]}Name"
        if own in resource.get("Properties", {}):
            return str(self.resolve(resource["Properties"][own]))
        if kind == "AWS::S3::Bucket":
            return f"{self._stacks[logical_id]}-{logical_id}".lower()[:50] + "-0123456789ab"
        return _GENERATED.get(kind, logical_id)
