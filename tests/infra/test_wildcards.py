"""Every `*` of every statement that allows something, in every environment: each is listed here, with its reason."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.conftest import EVERY, deployed_as, readable

Templates = Callable[[str, str], dict[str, Any]]


@dataclass(frozen=True)
class Wildcard:
    """What a resource's policies may allow with a `*`.

    Attributes:
        owner: The policy's, or whatever has it: the logical id without its hash; it may be a pattern.
        actions: All that is allowed on the resource.
        resource: As the statement has it.
        reason: Why no name could stand there.
    """

    owner: str
    actions: frozenset[str]
    resource: str
    reason: str


def wildcards(owner: str, actions: str, resources: str, reason: str) -> list[Wildcard]:
    return [Wildcard(owner, frozenset(actions.split()), resource, reason) for resource in resources.split()]


THIS_KEY = "In a key's own policy the resource is the key."
OBJECTS = "Partitions, runs and files are named as they come; the prefix is ours, and the bucket too."
NO_RESOURCES = "The actions know no resources."
OF_THE_WORKFLOW = "QualityGate CheckRun Claim CloseRun FailExecution ExplainFailure Plan PlanFleet Preflight Publish"
# Who has the policies of jobs, and what kind of jobs they are.
JOBS = {"TrainingPolicy": "Training", "FleetAccessPolicy": "Processing"}


def of_every_job(owner: str, kind: str) -> list[Wildcard]:
    """What every job may do that knows no names."""
    return [
        *wildcards(owner, "ecr:GetAuthorizationToken", "*", NO_RESOURCES),
        *wildcards(owner, "cloudwatch:PutMetricData", "*", NO_RESOURCES + " A condition names the namespace."),
        *wildcards(
            owner,
            "ec2:DescribeDhcpOptions ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups ec2:DescribeSubnets "
            "ec2:DescribeVpcs",
            "*",
            NO_RESOURCES,
        ),
        *wildcards(
            owner,
            "ec2:CreateNetworkInterface",
            "arn:aws:ec2:<place>:network-interface/*",
            "EC2 gives an interface its id; subnets and security groups stand beside it, by name.",
        ),
        *wildcards(
            owner,
            "ec2:CreateNetworkInterfacePermission ec2:DeleteNetworkInterface ec2:DeleteNetworkInterfacePermission",
            "arn:aws:ec2:<place>:network-interface/*",
            "EC2 gives an interface its id; a condition names the subnets.",
        ),
        *wildcards(
            owner,
            "logs:CreateLogGroup logs:DescribeLogStreams",
            f"arn:aws:logs:<place>:log-group:/aws/sagemaker/{kind}Jobs:*",
            "How IAM writes one log group.",
        ),
        *wildcards(
            owner,
            "logs:CreateLogStream logs:PutLogEvents",
            f"arn:aws:logs:<place>:log-group:/aws/sagemaker/{kind}Jobs:log-stream:<name>-*",
            "A job's log is named after the job, which is named after its run.",
        ),
    ]


ALLOWED = [
    *wildcards("*Key", "kms:*", "*", "The account decides through its roles; without it nobody could. " + THIS_KEY),
    *wildcards(
        "EncryptionKey",
        "kms:Decrypt kms:DescribeKey kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext "
        "kms:ReEncryptFrom kms:ReEncryptTo",
        "*",
        THIS_KEY,
    ),
    *wildcards("MessagesKey", "kms:Decrypt kms:GenerateDataKey", "*", THIS_KEY),
    *wildcards("MessagesKey", "kms:Decrypt kms:GenerateDataKey*", "*", "As the CDK grants it to events. " + THIS_KEY),
    *wildcards(
        "AccessLogsBucketPolicy",
        "s3:PutObject",
        "<AccessLogsBucket.Arn>/demand/* <AccessLogsBucket.Arn>/forecasts/*",
        "S3 names the log files.",
    ),
    *wildcards(
        "NetworkS3",
        "s3:AbortMultipartUpload s3:GetObject s3:ListBucket s3:PutObject",
        "<DemandBucket.Arn>/* <ForecastsBucket.Arn>/*",
        "An endpoint's limit for all; the role's own policy names prefixes.",
    ),
    *wildcards(
        "TrainingPolicy",
        "s3:GetObject",
        "<DemandBucket.Arn>/covariates/* <DemandBucket.Arn>/demand/* <DemandBucket.Arn>/static/* "
        "<ForecastsBucket.Arn>/forecasts/partition=*/run_id=*/_manifest.json "
        "<ForecastsBucket.Arn>/models/partition=*/run_id=*/*",
        OBJECTS,
    ),
    *wildcards(
        "TrainingPolicy",
        "s3:AbortMultipartUpload s3:PutObject",
        "<ForecastsBucket.Arn>/forecasts/partition=*/run_id=<name>-*/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/shared/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/chunks/* "
        "<ForecastsBucket.Arn>/models/partition=*/run_id=<name>-*/* "
        "<ForecastsBucket.Arn>/reports/partition=*/run_id=<name>-*/* <ForecastsBucket.Arn>/training-output/*",
        OBJECTS,
    ),
    *wildcards(
        "FleetAccessPolicy",
        "s3:GetObject",
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/* "
        "<ForecastsBucket.Arn>/models/partition=*/run_id=*/*",
        OBJECTS + " A model may be that of any run which has been published.",
    ),
    *wildcards(
        "FleetAccessPolicy",
        "s3:AbortMultipartUpload s3:PutObject",
        "<ForecastsBucket.Arn>/forecasts/partition=*/run_id=<name>-*/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/completed/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/ended/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/failed/* "
        "<ForecastsBucket.Arn>/reports/partition=*/run_id=<name>-*/*",
        OBJECTS,
    ),
    *(entry for owner, kind in JOBS.items() for entry in of_every_job(owner, kind)),
    *wildcards("*RoleDefaultPolicy", "xray:PutTelemetryRecords xray:PutTraceSegments", "*", NO_RESOURCES),
    *wildcards("PreflightRoleDefaultPolicy", "servicequotas:ListServiceQuotas", "*", NO_RESOURCES),
    *wildcards("PlanPartitionsRoleDefaultPolicy", "servicequotas:ListServiceQuotas", "*", NO_RESOURCES),
    *wildcards(
        "PlanPartitionsRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/items.json",
        "The list is named after the execution that it is of.",
    ),
    *wildcards(
        "PlanPartitionsRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/invalid_names.json",
        "The list is named after the execution that it is of.",
    ),
    *wildcards("SummarizePartitionsRoleDefaultPolicy", "s3:GetObject", "<ForecastsBucket.Arn>/partitions/*", OBJECTS),
    *wildcards(
        "SummarizePartitionsRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/outcomes.csv",
        "The table is named after the execution that it is of.",
    ),
    *wildcards("PlanFleetRoleDefaultPolicy", "servicequotas:ListServiceQuotas", "*", NO_RESOURCES),
    *wildcards(
        "PlanFleetRoleDefaultPolicy",
        "s3:GetObject",
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=*/shared/handover.json",
        OBJECTS,
    ),
    *wildcards(
        "PlanRoleDefaultPolicy", "s3:GetObject", "<ForecastsBucket.Arn>/forecasts/partition=*/_published.json", OBJECTS
    ),
    *wildcards(
        "Close*DefaultPolicy", "s3:GetObject", "<ForecastsBucket.Arn>/forecasts/partition=*/_published.json", OBJECTS
    ),
    *wildcards(
        "PublishRoleDefaultPolicy",
        "s3:GetObject s3:PutObject",
        "<ForecastsBucket.Arn>/forecasts/partition=*/_published.json",
        OBJECTS,
    ),
    *wildcards("CheckRunRoleDefaultPolicy", "s3:GetObject", "<ForecastsBucket.Arn>/forecasts/*", OBJECTS),
    *wildcards("QualityGateRoleDefaultPolicy", "s3:GetObject", "<ForecastsBucket.Arn>/forecasts/*", OBJECTS),
    *wildcards(
        "QualityGateRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/reports/partition=*/run_id=*/gate_violations.json",
        OBJECTS,
    ),
    *wildcards(
        "PublishRoleDefaultPolicy",
        "glue:CreatePartition glue:CreateTable glue:GetTable glue:UpdatePartition glue:UpdateTable",
        "arn:aws:glue:<place>:table/<database>/*",
        "All tables of this deployment's database: the function makes them.",
    ),
    *wildcards(
        "Cl*RoleDefaultPolicy",
        "states:DescribeExecution",
        "arn:aws:states:<place>:execution:<name>-forecast:*",
        "Executions of the one state machine, named as they are started.",
    ),
    *wildcards(
        "WorkflowStateMachineRoleDefaultPolicy",
        "lambda:InvokeFunction",
        " ".join(f"<{function}Function.Arn>:*" for function in OF_THE_WORKFLOW.split()),
        "The versions of one function, as the CDK grants them.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "lambda:InvokeFunction",
        "<ExplainFailureFunction.Arn>:* <PlanPartitionsFunction.Arn>:* <SummarizePartitionsFunction.Arn>:*",
        "The versions of one function, as the CDK grants them.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "states:DescribeExecution states:StopExecution",
        "arn:aws:states:<place>:execution:<name>-forecast:* arn:aws:states:<place>:execution:<name>-partitions/*:* "
        "arn:aws:states:<place>:execution:<name>-partitions:*",
        "Executions of the one state machine, and those that are the items of its Map, named as they are started.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "states:RedriveExecution",
        "arn:aws:states:<place>:execution:<name>-partitions/*:*",
        "The items of the Map are executions, which Step Functions names.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "s3:GetObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/items.json",
        "The list is named after the execution that it is of.",
    ),
    *wildcards(
        "PlanPartitionsRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/invalid_names.json",
        "The list is named after the execution that it is of.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/outcomes/*.json",
        "Outcomes are named after the execution and their partitions, which come as they will.",
    ),
    *wildcards(
        "DeadlineRoleDefaultPolicy",
        "lambda:InvokeFunction",
        "<CheckDeadlineFunction.Arn>:*",
        "The versions of one function, as the CDK grants them.",
    ),
    *wildcards(
        "WorkflowStateMachineRoleDefaultPolicy",
        "sagemaker:AddTags sagemaker:CreateTrainingJob sagemaker:DescribeTrainingJob sagemaker:StopTrainingJob",
        "arn:aws:sagemaker:<place>:training-job/<name>-*",
        "Jobs are named after their runs, each with this deployment's name before it.",
    ),
    *wildcards(
        "WorkflowStateMachineRoleDefaultPolicy",
        "sagemaker:AddTags sagemaker:CreateProcessingJob sagemaker:DescribeProcessingJob sagemaker:StopProcessingJob",
        "arn:aws:sagemaker:<place>:processing-job/<name>-*",
        "Jobs are named after their runs, each with this deployment's name before it.",
    ),
    *wildcards(
        "*StateMachineRoleDefaultPolicy",
        "logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies "
        "logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy logs:UpdateLogDelivery "
        "xray:GetSamplingRules xray:GetSamplingTargets xray:PutTelemetryRecords xray:PutTraceSegments",
        "*",
        NO_RESOURCES,
    ),
]
# Who allows something to everybody.
EVERYBODY = {"NetworkS3": "An endpoint's policy takes no other principal; what it allows, the role must allow as well."}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Those that allow something, wherever a resource has them."""
    if isinstance(value, list):
        for part in value:
            yield from statements(part)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name == "Statement":
                yield from (readable(statement) for statement in part if statement["Effect"] == "Allow")
            else:
                yield from statements(part)


def allowed(template: Templates, environment: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Owner and statement, of both stacks."""
    for stack in ("data", "forecast"):
        for logical_id, resource in template(environment, stack)["Resources"].items():
            for statement in statements(resource.get("Properties", {})):
                yield logical_id[:-8], statement


def without_names(resource: str, environment: str) -> str:
    environment = deployed_as(environment)
    account = {"dev": "<AWS::AccountId>", "staging": "111122223333", "prod": "444455556666"}[environment]
    named = resource.replace(f"eu-central-1:{account}", "<place>")
    return named.replace(f"onejob-{environment}", "<name>").replace(f"onejob_{environment}", "<database>")


def test_every_wildcard_is_listed_and_no_other(template: Templates) -> None:
    used: dict[Wildcard, set[str]] = defaultdict(set)
    unlisted = []
    for environment in EVERY:
        for owner, statement in allowed(template, environment):
            actions = frozenset(listed(statement["Action"]))
            for resource in listed(statement.get("Resource", [])):
                if "*" not in resource and not any("*" in action for action in actions):
                    continue
                found = (owner, actions, without_names(resource, environment))
                fitting = [
                    entry
                    for entry in ALLOWED
                    if fnmatchcase(owner, entry.owner) and actions <= entry.actions and found[2] == entry.resource
                ]
                if not fitting:
                    unlisted.append(found)
                for entry in fitting:
                    used[entry] |= actions
    assert unlisted == []
    assert {entry for entry in ALLOWED if used[entry] != entry.actions} == set()


@pytest.mark.parametrize("environment", EVERY)
def test_nothing_is_allowed_to_everybody_or_by_exception(template: Templates, environment: str) -> None:
    for owner, statement in allowed(template, environment):
        assert not statement.keys() & {"NotAction", "NotResource", "NotPrincipal"}
        principals = statement.get("Principal", {})
        everybody = principals == "*" or any("*" in listed(value) for value in principals.values())
        assert everybody is (owner in EVERYBODY), owner


@pytest.mark.parametrize("environment", EVERY)
def test_a_service_calls_a_function_for_one_of_our_resources_alone(template: Templates, environment: str) -> None:
    every = template(environment, "forecast")["Resources"].values()
    permissions = [each["Properties"] for each in every if each["Type"] == "AWS::Lambda::Permission"]
    assert permissions
    for permission in permissions:
        assert readable(permission["SourceArn"]).startswith("<ExecutionStatusRules")
