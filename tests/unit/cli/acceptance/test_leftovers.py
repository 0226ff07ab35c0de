"""A removal that forgets something is noticed."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cli.acceptance.place import Place
from cli.acceptance.steps.leftovers import KINDS, LOG_PREFIXES, leftovers
from contract.names import job_log_group
from tests.unit.cli.acceptance.conftest import ACCOUNT

NAME = "onejob-acceptance"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
TEMPLATE = json.dumps({"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})
DEFINITION = json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})
TABLE: Any = {
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingMode": "PAY_PER_REQUEST",
}
TARGET: Any = {"Arn": "arn:aws:sqs:eu-central-1:123456789012:x", "RoleArn": "arn:aws:iam::123456789012:role/x"}
ALARM: Any = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1}
PROJECT: Any = {
    "source": {"type": "S3", "location": "bucket/key"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
    "serviceRole": "arn:aws:iam::123456789012:role/service-role/x",
}
BUDGET: Any = {"TimeUnit": "MONTHLY", "BudgetType": "COST", "BudgetLimit": {"Amount": "1", "Unit": "USD"}}
REGION: Any = {"LocationConstraint": "eu-central-1"}


def _stream(logs: Any, name: str) -> None:
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=job_log_group("Training"))
    logs.create_log_stream(logGroupName=job_log_group("Training"), logStreamName=f"{name}-0/algo-1")


MAKE: dict[str, Callable[[Any, str], Any]] = {
    "stack": lambda client, name: client("cloudformation").create_stack(StackName=name, TemplateBody=TEMPLATE),
    "bucket": lambda client, name: client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=REGION),
    "state machine": lambda client, name: client("stepfunctions").create_state_machine(
        name=name, definition=DEFINITION, roleArn="arn:aws:iam::123456789012:role/x"
    ),
    "schedule": lambda client, name: client("scheduler").create_schedule(
        Name=name, ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"}, Target=TARGET
    ),
    "table": lambda client, name: client("dynamodb").create_table(TableName=name, **TABLE),
    "topic": lambda client, name: client("sns").create_topic(Name=name),
    "queue": lambda client, name: client("sqs").create_queue(QueueName=name),
    "rule": lambda client, name: client("events").put_rule(Name=name, ScheduleExpression="rate(1 hour)"),
    "log group": lambda client, name: [
        client("logs").create_log_group(logGroupName=f"{prefix}{name}{number}")
        for number, prefix in enumerate(LOG_PREFIXES)
    ],
    "log stream": lambda client, name: _stream(client("logs"), name),
    "workgroup": lambda client, name: client("athena").create_work_group(Name=name),
    "repository": lambda client, name: client("ecr").create_repository(repositoryName=name),
    "build project": lambda client, name: client("codebuild").create_project(name=name, **PROJECT),
    "budget": lambda client, name: client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget={"BudgetName": name, **BUDGET},
    ),
    "alarm": lambda client, name: client("cloudwatch").put_metric_alarm(AlarmName=name, **ALARM),
    "dashboard": lambda client, name: client("cloudwatch").put_dashboard(DashboardName=name, DashboardBody="{}"),
    "database": lambda client, name: client("glue").create_database(DatabaseInput={"Name": name.replace("-", "_")}),
    "key alias": lambda client, name: client("kms").create_alias(
        AliasName=f"alias/{name}", TargetKeyId=client("kms").create_key()["KeyMetadata"]["KeyId"]
    ),
    "network": lambda client, name: client("ec2").create_vpc(
        CidrBlock="10.0.0.0/24",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "deployment", "Value": name}]}],
    ),
    "role": lambda client, name: client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST),
}


def test_every_kind_is_found(place: Place) -> None:
    for make in MAKE.values():
        make(place.client, f"{NAME}-left")
        make(place.client, "onejob-prod-other")
    assert {*MAKE, "function"} == set(KINDS)
    expected = {f"{kind} {NAME}-left" for kind in MAKE if kind not in ("log group", "log stream")}
    expected |= {f"log group {NAME}-left{number}" for number in range(len(LOG_PREFIXES))}
    expected |= {f"log stream {NAME}-left-0/algo-1"}
    found = set(leftovers(place.client, f"{NAME}-left"))
    assert {re.sub(r" \(vpc-.*\)", "", each) for each in found} == expected


def test_nothing_is_left(place: Place) -> None:
    assert list(leftovers(place.client, NAME)) == []
