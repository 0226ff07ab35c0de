"""Every `*` of every Allow statement, in every environment: this file lists each one with its reason."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.infra.conftest import EVERY, Templates, deployed_as, listed, readable


@dataclass(frozen=True)
class Wildcard:
    """A `*` that a policy may contain.

    Attributes:
        owner: Logical id, without its hash, of the resource with the policy; it may be a pattern.
        actions: Actions that are allowed on the resource.
        resource: The resource as in the statement.
        reason: Reason why the statement cannot name the resource.
    """

    owner: str
    actions: frozenset[str]
    resource: str
    reason: str


def wildcards(owner: str, actions: str, resources: str, reason: str) -> list[Wildcard]:
    return [Wildcard(owner, frozenset(actions.split()), resource, reason) for resource in resources.split()]


THIS_KEY = "In a key's own policy the resource is the key."
OBJECTS = "Partitions, runs and files get their names at runtime; prefix and bucket belong to the application."
NO_RESOURCES = "The actions take no resources."
OF_THE_WORKFLOW = "QualityGate CheckRun Claim CloseRun FailExecution ExplainFailure Plan PlanFleet Preflight Publish"
# Policies of jobs, and the kinds of the jobs.
JOBS = {"TrainingPolicy": "Training", "FleetAccessPolicy": "Processing"}


def of_every_job(owner: str, kind: str) -> list[Wildcard]:
    """Return the wildcards of every job."""
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
            "EC2 assigns the id of an interface; the statement also names subnets and security groups.",
        ),
        *wildcards(
            owner,
            "ec2:CreateNetworkInterfacePermission ec2:DeleteNetworkInterface ec2:DeleteNetworkInterfacePermission",
            "arn:aws:ec2:<place>:network-interface/*",
            "EC2 assigns the id of an interface; a condition names the subnets.",
        ),
        *wildcards(
            owner,
            "logs:CreateLogGroup logs:DescribeLogStreams",
            f"arn:aws:logs:<place>:log-group:/aws/sagemaker/{kind}Jobs:*",
            "The ARN of one log group ends in `:*`.",
        ),
        *wildcards(
            owner,
            "logs:CreateLogStream logs:PutLogEvents",
            f"arn:aws:logs:<place>:log-group:/aws/sagemaker/{kind}Jobs:log-stream:<name>-*",
            "A job's log is named after the job, which is named after its run.",
        ),
    ]


ALLOWED = [
    *wildcards("*Key", "kms:*", "*", "The account grants access through its roles. " + THIS_KEY),
    *wildcards(
        "EncryptionKey",
        "kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:GenerateDataKeyWithoutPlaintext "
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
        "The endpoint's policy is a common limit; the role's own policy names prefixes.",
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
        OBJECTS + " The model may be of any published run.",
    ),
    *wildcards(
        "FleetAccessPolicy",
        "s3:AbortMultipartUpload s3:PutObject",
        "<ForecastsBucket.Arn>/forecasts/partition=*/run_id=<name>-*/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/completed/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/failures/* "
        "<ForecastsBucket.Arn>/handover/partition=*/run_id=<name>-*/instances/* "
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
        "The list is named after its execution.",
    ),
    *wildcards(
        "PlanPartitionsRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/invalid_names.json",
        "The list is named after its execution.",
    ),
    *wildcards("SummarizePartitionsRoleDefaultPolicy", "s3:GetObject", "<ForecastsBucket.Arn>/partitions/*", OBJECTS),
    *wildcards(
        "SummarizePartitionsRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/outcomes.csv",
        "The table is named after its execution.",
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
        "All tables of this deployment's database, which the function creates.",
    ),
    *wildcards(
        "Cl*RoleDefaultPolicy",
        "states:DescribeExecution",
        "arn:aws:states:<place>:execution:<name>-forecast:*",
        "Executions of the one state machine, which get their names at their start.",
    ),
    *wildcards(
        "WorkflowStateMachineRoleDefaultPolicy",
        "lambda:InvokeFunction",
        " ".join(f"<{function}Function.Arn>:*" for function in OF_THE_WORKFLOW.split()),
        "All versions of one function, as the CDK grants them.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "lambda:InvokeFunction",
        "<ExplainFailureFunction.Arn>:* <PlanPartitionsFunction.Arn>:* <SummarizePartitionsFunction.Arn>:*",
        "All versions of one function, as the CDK grants them.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "states:DescribeExecution states:StopExecution",
        "arn:aws:states:<place>:execution:<name>-forecast:* arn:aws:states:<place>:execution:<name>-partitions/*:* "
        "arn:aws:states:<place>:execution:<name>-partitions:*",
        "Executions of the state machines and of the Map's items, which get their names at their start.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "states:RedriveExecution",
        "arn:aws:states:<place>:execution:<name>-partitions/*:*",
        "The Map's items are executions, which Step Functions names.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "s3:GetObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/items.json",
        "The list is named after its execution.",
    ),
    *wildcards(
        "PlanPartitionsRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/invalid_names.json",
        "The list is named after its execution.",
    ),
    *wildcards(
        "PartitionsStateMachineRoleDefaultPolicy",
        "s3:PutObject",
        "<ForecastsBucket.Arn>/partitions/execution=*/outcomes/*.json",
        "Outcomes are named after the execution and their partitions.",
    ),
    *wildcards(
        "DeadlineRoleDefaultPolicy",
        "lambda:InvokeFunction",
        "<CheckDeadlineFunction.Arn>:*",
        "All versions of one function, as the CDK grants them.",
    ),
    *wildcards(
        "WorkflowStateMachineRoleDefaultPolicy",
        "sagemaker:AddTags sagemaker:CreateTrainingJob sagemaker:DescribeTrainingJob sagemaker:ListTags "
        "sagemaker:StopTrainingJob",
        "arn:aws:sagemaker:<place>:training-job/<name>-*",
        "Jobs are named after their runs, with this deployment's name as prefix.",
    ),
    *wildcards(
        "WorkflowStateMachineRoleDefaultPolicy",
        "sagemaker:AddTags sagemaker:CreateProcessingJob sagemaker:DescribeProcessingJob sagemaker:ListTags "
        "sagemaker:StopProcessingJob",
        "arn:aws:sagemaker:<place>:processing-job/<name>-*",
        "Jobs are named after their runs, with this deployment's name as prefix.",
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
# Policies with the principal `*`.
EVERYBODY = {"NetworkS3": "An endpoint's policy accepts no other principal, and the role must allow each action too."}


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the Allow statements at any depth of a resource's properties."""
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
    """Yield owner and statement of the stacks with roles."""
    for stack in ("data", "forecast"):
        for logical_id, resource in template(environment, stack)["Resources"].items():
            for statement in statements(resource.get("Properties", {})):
                yield logical_id[:-8], statement


def without_names(resource: str, environment: str) -> str:
    environment = deployed_as(environment)
    account = {"dev": "<AWS::AccountId>", "staging": "111122223333", "prod": "444455556666"}[environment]
    named = resource.replace(f"eu-central-1:{account}", "<place>")
    return named.replace(f"onejob-{environment}", "<name>").replace(f"onejob_{environment}", "<database>")


def test_the_list_has_every_wildcard_and_no_others(template: Templates) -> None:
    used: dict[Wildcard, set[str]] = defaultdict(set)
    unlisted = []
    for environment in EVERY:
        for owner, statement in allowed(template, environment):
            actions = frozenset(listed(statement["Action"]))
            for resource in listed(statement.get("Resource", [])):
                if "*" not in resource and not any("*" in action for action in actions):
                    continue
                found = (owner, actions, without_names(resource, environment))
                matches = [
                    entry
                    for entry in ALLOWED
                    if fnmatchcase(owner, entry.owner) and actions <= entry.actions and found[2] == entry.resource
                ]
                if not matches:
                    unlisted.append(found)
                for entry in matches:
                    used[entry] |= actions
    assert unlisted == []
    assert {entry for entry in ALLOWED if used[entry] != entry.actions} == set()


@pytest.mark.parametrize("environment", EVERY)
def test_no_statement_allows_everybody_or_by_exception(template: Templates, environment: str) -> None:
    for owner, statement in allowed(template, environment):
        assert not statement.keys() & {"NotAction", "NotResource", "NotPrincipal"}
        principals = statement.get("Principal", {})
        everybody = principals == "*" or any("*" in listed(value) for value in principals.values())
        assert everybody is (owner in EVERYBODY), owner


@pytest.mark.parametrize("environment", EVERY)
def test_services_call_functions_only_for_the_stacks_rules(template: Templates, environment: str) -> None:
    every = template(environment, "forecast")["Resources"].values()
    permissions = [each["Properties"] for each in every if each["Type"] == "AWS::Lambda::Permission"]
    assert permissions
    for permission in permissions:
        assert readable(permission["SourceArn"]).startswith("<ExecutionStatusRules")
