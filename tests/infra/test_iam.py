"""Every statement of every role, in full: a permission more is a line more in this file."""

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infra.load_settings import load_settings
from tests.infra.conftest import ENVIRONMENTS, readable, resources
from tests.synthesis import ROOT, Assembly

Templates = Callable[[str, str], dict[str, Any]]
Statement = tuple[Any, Any, Any]

KEY = "<EncryptionKey.Arn>"
DEMAND = "<DemandBucket.Arn>"
FORECASTS = "<ForecastsBucket.Arn>"
RUNS = "<RunRegistryTable.Arn>"
GLUE = "arn:aws:glue:eu-central-1:444455556666"
KEY_OF_TABLE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
FUNCTIONS = [
    "ApplyGate",
    "CheckRun",
    "Claim",
    "CloseRun",
    "EndFailed",
    "ExplainFailure",
    "Plan",
    "Preflight",
    "Publish",
]
IMAGES = "arn:aws:ecr:eu-central-1:444455556666:repository/cdk-hnb659fds-container-assets-444455556666-eu-central-1"
LOGS = "arn:aws:logs:eu-central-1:444455556666:log-group:/aws/sagemaker/TrainingJobs"
ENCRYPT_MESSAGES: Statement = (["kms:Decrypt", "kms:GenerateDataKey"], "<MessagesKey.Arn>", None)
GIVE_UP: Statement = ("sqs:SendMessage", "<Undelivered.Arn>", None)
EC2 = "arn:aws:ec2:eu-central-1:444455556666"
SUBNETS = [f"{EC2}:subnet/<NetworkSubnet{zone}>" for zone in (1, 2)]
# What only environments with a network of their own have.
OF_THE_NETWORK = "NetworkFlowLogRole"
EXECUTIONS: Statement = (
    "states:DescribeExecution",
    "arn:aws:states:eu-central-1:444455556666:execution:onejob-prod-forecast:*",
    None,
)
XRAY: Statement = (["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*", None)


def log(function: str) -> Statement:
    return (["logs:CreateLogStream", "logs:PutLogEvents"], f"<{function}LogsGroup.Arn>", None)


def prefixes(*patterns: str) -> dict[str, Any]:
    return {"StringLike": {"s3:prefix": list(patterns)}}


EXPECTED: dict[str, list[Statement]] = {
    "TrainingPolicy": [
        ("s3:ListBucket", DEMAND, prefixes("demand/*", "static/*", "covariates/*")),
        ("s3:GetObject", [f"{DEMAND}/covariates/*", f"{DEMAND}/demand/*", f"{DEMAND}/static/*"], None),
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/partition=*/run_id=*/_manifest.json")),
        ("s3:GetObject", f"{FORECASTS}/forecasts/partition=*/run_id=*/_manifest.json", None),
        (
            ["s3:AbortMultipartUpload", "s3:PutObject"],
            [
                f"{FORECASTS}/forecasts/partition=*/run_id=onejob-prod-*/*",
                f"{FORECASTS}/reports/partition=*/run_id=onejob-prod-*/*",
                f"{FORECASTS}/training-output/*",
            ],
            None,
        ),
        (["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], KEY, None),
        ("kms:CreateGrant", KEY, {"Bool": {"kms:GrantIsForAWSResource": True}}),
        (
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            IMAGES,
            None,
        ),
        ("ecr:GetAuthorizationToken", "*", None),
        (["logs:CreateLogGroup", "logs:DescribeLogStreams"], f"{LOGS}:*", None),
        (["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOGS}:log-stream:onejob-prod-*", None),
        (
            "cloudwatch:PutMetricData",
            "*",
            {"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}},
        ),
        (
            "ec2:CreateNetworkInterface",
            [f"{EC2}:network-interface/*", f"{EC2}:security-group/<NetworkMachines.GroupId>", *SUBNETS],
            None,
        ),
        (
            [
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ],
            f"{EC2}:network-interface/*",
            {"ArnEquals": {"ec2:Subnet": SUBNETS}},
        ),
        (
            [
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            "*",
            None,
        ),
    ],
    "PlanRoleDefaultPolicy": [
        log("Plan"),
        XRAY,
        ("s3:ListBucket", DEMAND, prefixes("demand/*", "static/*", "covariates/*")),
        (
            "s3:ListBucket",
            FORECASTS,
            prefixes("forecasts/partition=*/_latest.json", "forecasts/partition=*/run_id=*/_manifest.json"),
        ),
        ("s3:GetObject", f"{FORECASTS}/forecasts/partition=*/_latest.json", None),
        ("kms:Decrypt", KEY, None),
    ],
    "CheckRunRoleDefaultPolicy": [
        log("CheckRun"),
        XRAY,
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/*")),
        ("s3:GetObject", f"{FORECASTS}/forecasts/*", None),
        ("kms:Decrypt", KEY, None),
    ],
    "ApplyGateRoleDefaultPolicy": [
        log("ApplyGate"),
        XRAY,
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/*")),
        ("s3:GetObject", f"{FORECASTS}/forecasts/*", None),
        ("s3:PutObject", f"{FORECASTS}/reports/partition=*/run_id=*/held.json", None),
        (["kms:Decrypt", "kms:GenerateDataKey"], KEY, None),
    ],
    "PublishRoleDefaultPolicy": [
        log("Publish"),
        XRAY,
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/partition=*/_latest.json")),
        (["s3:GetObject", "s3:PutObject"], f"{FORECASTS}/forecasts/partition=*/_latest.json", None),
        (["dynamodb:GetItem", "dynamodb:PutItem"], RUNS, None),
        (
            [
                "glue:CreatePartition",
                "glue:CreateTable",
                "glue:GetTable",
                "glue:UpdatePartition",
                "glue:UpdateTable",
            ],
            [f"{GLUE}:catalog", f"{GLUE}:database/onejob_prod", f"{GLUE}:table/onejob_prod/*"],
            None,
        ),
        (KEY_OF_TABLE, KEY, None),
    ],
    "ClaimRoleDefaultPolicy": [
        log("Claim"),
        XRAY,
        (["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], RUNS, None),
        EXECUTIONS,
        (KEY_OF_TABLE, KEY, None),
    ],
    "CloseRunRoleDefaultPolicy": [
        log("CloseRun"),
        GIVE_UP,
        XRAY,
        ENCRYPT_MESSAGES,
        (["dynamodb:GetItem", "dynamodb:PutItem"], RUNS, None),
        EXECUTIONS,
        ("dynamodb:Query", f"{RUNS}/index/by-execution", None),
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/partition=*/_latest.json")),
        ("s3:GetObject", f"{FORECASTS}/forecasts/partition=*/_latest.json", None),
        (KEY_OF_TABLE, KEY, None),
    ],
    "EndFailedRoleDefaultPolicy": [log("EndFailed"), XRAY],
    "CheckLateRoleDefaultPolicy": [
        log("CheckLate"),
        GIVE_UP,
        XRAY,
        ENCRYPT_MESSAGES,
        ("dynamodb:GetItem", RUNS, None),
        ("sns:Publish", "<OutcomesTopic>", None),
        (KEY_OF_TABLE, KEY, None),
    ],
    "PreflightRoleDefaultPolicy": [
        log("Preflight"),
        XRAY,
        ("s3:GetBucketLocation", [DEMAND, FORECASTS], None),
        (["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], IMAGES, None),
        ("dynamodb:Query", RUNS, None),
        (KEY_OF_TABLE, KEY, None),
        ("servicequotas:ListServiceQuotas", "*", None),
    ],
    "ShowRunsRoleDefaultPolicy": [
        log("ShowRuns"),
        XRAY,
        (["dynamodb:GetItem", "dynamodb:Query"], RUNS, None),
        (KEY_OF_TABLE, KEY, None),
    ],
    "DeadlineRoleDefaultPolicy": [
        ENCRYPT_MESSAGES,
        ("lambda:InvokeFunction", ["<CheckLateFunction.Arn>", "<CheckLateFunction.Arn>:*"], None),
        GIVE_UP,
    ],
    "ExplainFailureRoleDefaultPolicy": [log("ExplainFailure"), XRAY],
    "WorkflowStateMachineRoleDefaultPolicy": [
        (
            "lambda:InvokeFunction",
            [f"<{name}Function.Arn>{versions}" for versions in ("", ":*") for name in FUNCTIONS],
            None,
        ),
        ("sns:Publish", "<OutcomesTopic>", None),
        (
            [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            "*",
            None,
        ),
        (
            [
                "sagemaker:AddTags",
                "sagemaker:CreateTrainingJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:StopTrainingJob",
            ],
            "arn:aws:sagemaker:eu-central-1:444455556666:training-job/onejob-prod-*",
            None,
        ),
        ("iam:PassRole", "<TrainingRole.Arn>", {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
        (
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            "arn:aws:events:eu-central-1:444455556666:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule",
            None,
        ),
        ENCRYPT_MESSAGES,
    ],
    f"{OF_THE_NETWORK}DefaultPolicy": [
        (
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "<FlowLogsGroup.Arn>",
            None,
        ),
    ],
    "ScheduleRoleDefaultPolicy": [
        ENCRYPT_MESSAGES,
        ("states:StartExecution", "<WorkflowStateMachine>", None),
        ("sqs:SendMessage", "<ScheduleMissedStarts.Arn>", None),
    ],
}
TRUSTED = {
    "TrainingRole": "sagemaker.amazonaws.com",
    **{f"{name}Role": "lambda.amazonaws.com" for name in (*FUNCTIONS, "CheckLate", "ShowRuns")},
    "DeadlineRole": "scheduler.amazonaws.com",
    "WorkflowStateMachineRole": "states.amazonaws.com",
    OF_THE_NETWORK: "vpc-flow-logs.amazonaws.com",
    "ScheduleRole": "scheduler.amazonaws.com",
}


def policies(template: Templates, environment: str) -> dict[str, list[dict[str, Any]]]:
    found = resources(template(environment, "forecast"), "AWS::IAM::Policy")
    return {name: readable(policy["PolicyDocument"]["Statement"]) for name, policy in found.items()}


@pytest.mark.parametrize("policy", EXPECTED)
def test_the_statements_of_a_role(template: Templates, policy: str) -> None:
    statements = policies(template, "prod")[policy]
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    actual = [(s["Action"], s["Resource"], s.get("Condition")) for s in statements]
    assert actual == EXPECTED[policy]


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("forecasts/partition=all/run_id=onejob-prod-20261118-093005-0a1b2c3d-0-0-0/part-00000.parquet", True),
        ("forecasts/partition=all/run_id=onejob-prod-20261118-093005-0a1b2c3d-0-0-0/_manifest.json", True),
        ("reports/partition=all/run_id=onejob-prod-20261118-093005-0a1b2c3d-0-0-0/report.html", True),
        ("forecasts/partition=all/_latest.json", False),
        ("forecasts/partition=all/run_id=laptop-20261118-093005/part-00000.parquet", False),
    ],
)
def test_a_job_writes_its_run_and_does_not_publish_it(template: Templates, name: str, allowed: bool) -> None:
    statements = policies(template, "prod")["TrainingPolicy"]
    (patterns,) = [statement["Resource"] for statement in statements if "s3:PutObject" in statement["Action"]]
    assert any(fnmatchcase(f"{FORECASTS}/{name}", pattern) for pattern in patterns) is allowed


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_environment_has_other_policies(template: Templates, environment: str) -> None:
    isolated = load_settings(environment, ROOT / "environments").network is not None
    expected = {policy for policy in EXPECTED if isolated or not policy.startswith(OF_THE_NETWORK)}
    assert policies(template, environment).keys() == expected
    kinds = {r["Type"] for r in template(environment, "forecast")["Resources"].values()}
    assert not kinds & {"AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::Group"}
    for role in resources(template(environment, "forecast"), "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        assert "Policies" not in role


def test_who_may_assume_the_roles(template: Templates) -> None:
    roles = resources(template("prod", "forecast"), "AWS::IAM::Role")
    assert {
        name: role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] for name, role in roles.items()
    } == TRUSTED
    for name in ("TrainingRole", "ScheduleRole", "DeadlineRole", OF_THE_NETWORK):
        (statement,) = roles[name]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "444455556666"}}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_environments_cannot_touch_each_others_jobs(template: Templates, environment: str) -> None:
    text = str(policies(template, environment))
    others = set(ENVIRONMENTS) - {environment}
    assert f"training-job/onejob-{environment}-*" in text
    assert not any(f"onejob-{other}" in text for other in others)


def test_the_boundary_bounds_every_role_of_both_stacks(synthesised: dict[str, Assembly], template: Templates) -> None:
    roles = {
        name: role
        for stack in ("data", "forecast")
        for name, role in resources(synthesised["unusual"].template("prod", stack), "AWS::IAM::Role").items()
    }
    assert roles.keys() == resources(template("dev", "forecast"), "AWS::IAM::Role").keys()
    bounds = {json.dumps(role["PermissionsBoundary"]) for role in roles.values()}
    assert bounds == {'"arn:aws:iam::444455556666:policy/bounds"'}
    assert not any(
        "PermissionsBoundary" in role for role in resources(template("prod", "forecast"), "AWS::IAM::Role").values()
    )
