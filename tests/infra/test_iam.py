"""Every statement of every role, in full: each new permission needs a new line in this file."""

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from infra.settings.loader import load_settings
from tests.infra.conftest import ENVIRONMENTS, Templates, readable, resources
from tests.synthesis import ROOT, Assembly

Statement = tuple[Any, Any, Any]

KEY = "<EncryptionKey.Arn>"
DEMAND = "<DemandBucket.Arn>"
FORECASTS = "<ForecastsBucket.Arn>"
RUNS = "<RunRegistryTable.Arn>"
GLUE = "arn:aws:glue:eu-central-1:444455556666"
KEY_OF_TABLE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
FUNCTIONS = [
    "CheckRun",
    "Claim",
    "CloseRun",
    "ExplainFailure",
    "FailExecution",
    "PlanFleet",
    "Plan",
    "Preflight",
    "Publish",
    "QualityGate",
]
IMAGES = "arn:aws:ecr:eu-central-1:444455556666:repository/cdk-hnb659fds-container-assets-444455556666-eu-central-1"
LOGS = "arn:aws:logs:eu-central-1:444455556666:log-group:/aws/sagemaker"
ENCRYPT_MESSAGES: Statement = (["kms:Decrypt", "kms:GenerateDataKey"], "<MessagesKey.Arn>", None)
GIVE_UP: Statement = ("sqs:SendMessage", "<Undelivered.Arn>", None)
EC2 = "arn:aws:ec2:eu-central-1:444455556666"
SUBNETS = [f"{EC2}:subnet/<NetworkSubnet{zone}>" for zone in (1, 2)]
# Policies that exist only in environments with an isolated network, and only in those with a fleet.
OF_THE_NETWORK = "NetworkFlowLogRole"
OF_THE_FLEET = ("FleetAccess", "PlanFleet")
EXECUTIONS: Statement = (
    "states:DescribeExecution",
    "arn:aws:states:eu-central-1:444455556666:execution:onejob-prod-forecast:*",
    None,
)
RUN = "partition=all/run_id=onejob-prod-20261118-093005-0a1b2c3d-0-0-0"
XRAY: Statement = (["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*", None)


def log(function: str) -> Statement:
    return (["logs:CreateLogStream", "logs:PutLogEvents"], f"<{function}LogsGroup.Arn>", None)


def prefixes(*patterns: str) -> dict[str, Any]:
    return {"StringLike": {"s3:prefix": list(patterns)}}


def of_every_job(kind: str) -> list[Statement]:
    """Return the statements that do not depend on the job's input and output."""
    return [
        (["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"], KEY, None),
        ("kms:CreateGrant", KEY, {"Bool": {"kms:GrantIsForAWSResource": True}}),
        (
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            IMAGES,
            None,
        ),
        ("ecr:GetAuthorizationToken", "*", None),
        (["logs:CreateLogGroup", "logs:DescribeLogStreams"], f"{LOGS}/{kind}Jobs:*", None),
        (["logs:CreateLogStream", "logs:PutLogEvents"], f"{LOGS}/{kind}Jobs:log-stream:onejob-prod-*", None),
        (
            "cloudwatch:PutMetricData",
            "*",
            {"StringEquals": {"cloudwatch:namespace": f"/aws/sagemaker/{kind}Jobs"}},
        ),
        (
            "ec2:CreateNetworkInterface",
            [f"{EC2}:network-interface/*", f"{EC2}:security-group/<NetworkInstances.GroupId>", *SUBNETS],
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
    ]


def starts(kind: str, role: str) -> list[Statement]:
    """Return the statements to start jobs of a kind and to wait for them."""
    return [
        (
            [
                "sagemaker:AddTags",
                f"sagemaker:Create{kind}Job",
                f"sagemaker:Describe{kind}Job",
                "sagemaker:ListTags",
                f"sagemaker:Stop{kind}Job",
            ],
            f"arn:aws:sagemaker:eu-central-1:444455556666:{kind.lower()}-job/onejob-prod-*",
            None,
        ),
        ("iam:PassRole", f"<{role}.Arn>", {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
        (
            ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
            f"arn:aws:events:eu-central-1:444455556666:rule/StepFunctionsGetEventsForSageMaker{kind}JobsRule",
            None,
        ),
    ]


MANIFESTS, MODELS = "forecasts/partition=*/run_id=*/_manifest.json", "models/partition=*/run_id=*/*"
OWN_RUNS = "partition=*/run_id=onejob-prod-*"
# The fleet has no access to demand and pointers. In the handover it writes only markers.
FLEET: list[Statement] = [
    ("s3:ListBucket", FORECASTS, prefixes(f"handover/{OWN_RUNS}/*", MODELS)),
    ("s3:GetObject", [f"{FORECASTS}/handover/{OWN_RUNS}/*", f"{FORECASTS}/{MODELS}"], None),
    (
        ["s3:AbortMultipartUpload", "s3:PutObject"],
        [
            f"{FORECASTS}/forecasts/{OWN_RUNS}/*",
            f"{FORECASTS}/handover/{OWN_RUNS}/completed/*",
            f"{FORECASTS}/handover/{OWN_RUNS}/failures/*",
            f"{FORECASTS}/handover/{OWN_RUNS}/instances/*",
            f"{FORECASTS}/reports/{OWN_RUNS}/*",
        ],
        None,
    ),
    *of_every_job("Processing"),
]
EXPECTED: dict[str, list[Statement]] = {
    "TrainingPolicy": [
        ("s3:ListBucket", DEMAND, prefixes("demand/*", "static/*", "covariates/*")),
        ("s3:GetObject", [f"{DEMAND}/covariates/*", f"{DEMAND}/demand/*", f"{DEMAND}/static/*"], None),
        # The published manifest for comparison, and the published model for mode infer.
        ("s3:ListBucket", FORECASTS, prefixes(MANIFESTS, MODELS)),
        ("s3:GetObject", [f"{FORECASTS}/{MANIFESTS}", f"{FORECASTS}/{MODELS}"], None),
        (
            ["s3:AbortMultipartUpload", "s3:PutObject"],
            [
                f"{FORECASTS}/forecasts/{OWN_RUNS}/*",
                f"{FORECASTS}/handover/{OWN_RUNS}/chunks/*",
                f"{FORECASTS}/handover/{OWN_RUNS}/shared/*",
                f"{FORECASTS}/models/{OWN_RUNS}/*",
                f"{FORECASTS}/reports/{OWN_RUNS}/*",
                f"{FORECASTS}/training-output/*",
            ],
            None,
        ),
        *of_every_job("Training"),
    ],
    "FleetAccessPolicy": FLEET,
    "PlanRoleDefaultPolicy": [
        log("Plan"),
        XRAY,
        ("s3:ListBucket", DEMAND, prefixes("demand/*", "static/*", "covariates/*")),
        (
            "s3:ListBucket",
            FORECASTS,
            prefixes("forecasts/partition=*/_published.json", MANIFESTS, "models/partition=*/run_id=*/model.json"),
        ),
        ("s3:GetObject", f"{FORECASTS}/forecasts/partition=*/_published.json", None),
        ("kms:Decrypt", KEY, None),
    ],
    "CheckRunRoleDefaultPolicy": [
        log("CheckRun"),
        XRAY,
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/*")),
        ("s3:GetObject", f"{FORECASTS}/forecasts/*", None),
        ("kms:Decrypt", KEY, None),
    ],
    "QualityGateRoleDefaultPolicy": [
        log("QualityGate"),
        XRAY,
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/*")),
        ("s3:GetObject", f"{FORECASTS}/forecasts/*", None),
        ("s3:PutObject", f"{FORECASTS}/reports/partition=*/run_id=*/gate_violations.json", None),
        (["kms:Decrypt", "kms:GenerateDataKey"], KEY, None),
    ],
    "PublishRoleDefaultPolicy": [
        log("Publish"),
        XRAY,
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/partition=*/_published.json")),
        (["s3:GetObject", "s3:PutObject"], f"{FORECASTS}/forecasts/partition=*/_published.json", None),
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
        ("s3:ListBucket", FORECASTS, prefixes("forecasts/partition=*/_published.json")),
        ("s3:GetObject", f"{FORECASTS}/forecasts/partition=*/_published.json", None),
        (KEY_OF_TABLE, KEY, None),
    ],
    "FailExecutionRoleDefaultPolicy": [log("FailExecution"), XRAY],
    "CheckDeadlineRoleDefaultPolicy": [
        log("CheckDeadline"),
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
    "PlanFleetRoleDefaultPolicy": [
        log("PlanFleet"),
        XRAY,
        (
            "s3:ListBucket",
            FORECASTS,
            prefixes(
                *(f"handover/partition=*/run_id=*/{name}" for name in ("shared/handover.json", "completed/", "chunks/"))
            ),
        ),
        ("s3:GetObject", f"{FORECASTS}/handover/partition=*/run_id=*/shared/handover.json", None),
        (["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], RUNS, None),
        (KEY_OF_TABLE, KEY, None),
        ("servicequotas:ListServiceQuotas", "*", None),
    ],
    "RunsWidgetRoleDefaultPolicy": [
        log("RunsWidget"),
        XRAY,
        (["dynamodb:GetItem", "dynamodb:Query"], RUNS, None),
        (KEY_OF_TABLE, KEY, None),
    ],
    "DeadlineRoleDefaultPolicy": [
        ENCRYPT_MESSAGES,
        ("lambda:InvokeFunction", ["<CheckDeadlineFunction.Arn>", "<CheckDeadlineFunction.Arn>:*"], None),
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
        *starts("Training", "TrainingRole"),
        *starts("Processing", "FleetAccessRole"),
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
    "FleetAccessRole": "sagemaker.amazonaws.com",
    **{f"{name}Role": "lambda.amazonaws.com" for name in (*FUNCTIONS, "CheckDeadline", "RunsWidget")},
    "DeadlineRole": "scheduler.amazonaws.com",
    "WorkflowStateMachineRole": "states.amazonaws.com",
    OF_THE_NETWORK: "vpc-flow-logs.amazonaws.com",
    "ScheduleRole": "scheduler.amazonaws.com",
}


def policies(template: Templates, environment: str) -> dict[str, list[dict[str, Any]]]:
    found = resources(template(environment, "forecast"), "AWS::IAM::Policy")
    return {name: readable(policy["PolicyDocument"]["Statement"]) for name, policy in found.items()}


@pytest.mark.parametrize("policy", EXPECTED)
def test_statements_of_a_role(template: Templates, policy: str) -> None:
    statements = policies(template, "prod")[policy]
    assert {statement["Effect"] for statement in statements} == {"Allow"}
    actual = [(s["Action"], s["Resource"], s.get("Condition")) for s in statements]
    assert actual == EXPECTED[policy]


@pytest.mark.parametrize(
    ("name", "by_training", "by_fleet"),
    [
        (f"forecasts/{RUN}/part-00000.parquet", True, True),
        (f"forecasts/{RUN}/_manifest.json", True, True),
        (f"reports/{RUN}/report.html", True, True),
        (f"models/{RUN}/model.json", True, False),
        (f"handover/{RUN}/chunks/chunk-00000.tar", True, False),
        (f"handover/{RUN}/shared/handover.json", True, False),
        (f"handover/{RUN}/completed/chunk-00000.json", False, True),
        (f"handover/{RUN}/failures/onejob-prod-20261118-093005-0a1b2c3d-1-0-0/chunk-00000.json", False, True),
        (f"handover/{RUN}/instances/onejob-prod-20261118-093005-0a1b2c3d-1-0-0/algo-2.json", False, True),
        ("forecasts/partition=all/_published.json", False, False),
        ("forecasts/partition=all/run_id=local-20261118-093005/part-00000.parquet", False, False),
        ("models/partition=all/run_id=local-20261118-093005/model.json", False, False),
    ],
)
def test_a_job_writes_its_part_of_the_run_but_not_the_pointer(
    template: Templates, name: str, by_training: bool, by_fleet: bool
) -> None:
    for policy, allowed in (("TrainingPolicy", by_training), ("FleetAccessPolicy", by_fleet)):
        statements = policies(template, "prod")[policy]
        (patterns,) = [statement["Resource"] for statement in statements if "s3:PutObject" in statement["Action"]]
        assert any(fnmatchcase(f"{FORECASTS}/{name}", pattern) for pattern in patterns) is allowed, policy


def test_the_fleet_cannot_access_the_demand_bucket(template: Templates) -> None:
    assert DEMAND not in str(policies(template, "prod")["FleetAccessPolicy"])


def test_without_a_fleet_no_role_has_permissions_for_one(template: Templates) -> None:
    text = str(policies(template, "dev"))
    assert "Processing" not in text
    assert "processing" not in text
    assert "handover" not in text


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environments_have_no_other_policies(template: Templates, environment: str) -> None:
    settings = load_settings(environment, ROOT / "environments")
    absent = tuple(
        name
        for names, table in (((OF_THE_NETWORK,), settings.network), (OF_THE_FLEET, settings.fleet))
        for name in names
        if table is None
    )
    expected = {policy for policy in EXPECTED if not policy.startswith(absent)}
    assert policies(template, environment).keys() == expected
    kinds = {r["Type"] for r in template(environment, "forecast")["Resources"].values()}
    assert not kinds & {"AWS::IAM::ManagedPolicy", "AWS::IAM::User", "AWS::IAM::Group"}
    for role in resources(template(environment, "forecast"), "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        assert "Policies" not in role


def test_services_that_may_assume_the_roles(template: Templates) -> None:
    roles = resources(template("prod", "forecast"), "AWS::IAM::Role")
    assert {
        name: role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"] for name, role in roles.items()
    } == TRUSTED
    for name in ("TrainingRole", "FleetAccessRole", "ScheduleRole", "DeadlineRole", OF_THE_NETWORK):
        (statement,) = roles[name]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "444455556666"}}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environments_cannot_access_each_others_jobs(template: Templates, environment: str) -> None:
    text = str(policies(template, environment))
    others = set(ENVIRONMENTS) - {environment}
    assert f"training-job/onejob-{environment}-*" in text
    assert (f"processing-job/onejob-{environment}-*" in text) is (environment != "dev")
    assert not any(f"onejob-{other}" in text for other in others)


def test_every_role_of_both_stacks_has_the_boundary(synthesized: dict[str, Assembly], template: Templates) -> None:
    roles = {
        name: role
        for stack in ("data", "forecast")
        for name, role in resources(synthesized["unusual"].template("prod", stack), "AWS::IAM::Role").items()
    }
    of_partitions = {"PlanPartitionsRole", "SummarizePartitionsRole", "PartitionsStateMachineRole"}
    assert roles.keys() == (TRUSTED.keys() - {OF_THE_NETWORK}) | of_partitions
    bounds = {json.dumps(role["PermissionsBoundary"]) for role in roles.values()}
    assert bounds == {'"arn:aws:iam::444455556666:policy/bounds"'}
    assert not any(
        "PermissionsBoundary" in role for role in resources(template("prod", "forecast"), "AWS::IAM::Role").values()
    )
