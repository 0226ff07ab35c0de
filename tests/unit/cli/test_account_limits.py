"""Preflight says which limits of an account would stop the first deployment. Moto has no concurrency and no members."""

import json
from typing import TYPE_CHECKING

import boto3
import pytest
from boto3 import Session
from botocore.stub import Stubber

from cli.preflight.account_limits import (
    DELIVERY_POLICY,
    DELIVERY_SERVICE,
    MAX_LOG_POLICIES,
    check_budgets,
    check_concurrency,
    check_log_policies,
    check_networks,
)
from lambdas.preflight.check_results import run_check

if TYPE_CHECKING:
    from mypy_boto3_budgets import BudgetsClient
    from mypy_boto3_lambda import LambdaClient


@pytest.mark.parametrize(
    ("total", "free", "reserved", "verdict", "text"),
    [
        (1000, 1000, None, "ok", "1000 of 1000 executions are unreserved"),
        (1000, 160, 5, "ok", "160 of 1000"),
        (1000, 159, 5, "failed", "12 functions reserve 60 executions, but the account has 159 unreserved ones"),
        (10, 10, 5, "failed", "remove functions.reserved_concurrency"),
        (10, 10, None, "warning", "all functions of the account share 10 executions; ask for more"),
    ],
)
def test_concurrency(total: int, free: int, reserved: int | None, verdict: str, text: str) -> None:
    functions: LambdaClient = boto3.client("lambda", region_name="eu-central-1")
    with Stubber(functions) as answers:
        limits = {"ConcurrentExecutions": total, "UnreservedConcurrentExecutions": free}
        answers.add_response("get_account_settings", {"AccountLimit": limits})
        (found,) = check_concurrency(functions, reserved=reserved, count=12)
    assert found.verdict == verdict
    assert text in found.line


def test_an_account_with_budgets() -> None:
    budgets: BudgetsClient = boto3.client("budgets", region_name="us-east-1")
    with Stubber(budgets) as answers:
        answers.add_response("describe_budgets", {"Budgets": []}, {"AccountId": "123456789012", "MaxResults": 1})
        (found,) = check_budgets(budgets, account="123456789012")
    assert found.verdict == "ok"


def test_a_caller_without_the_permission_is_not_a_refused_budget() -> None:
    budgets: BudgetsClient = boto3.client("budgets", region_name="us-east-1")
    with Stubber(budgets) as answers:
        answers.add_client_error("describe_budgets", "AccessDeniedException", "User is not authorized to perform")
        (found,) = run_check("budget", lambda: check_budgets(budgets, account="123456789012"))
    assert found.verdict == "unknown"


def test_a_member_account_without_budgets_gets_a_warning() -> None:
    budgets: BudgetsClient = boto3.client("budgets", region_name="us-east-1")
    with Stubber(budgets) as answers:
        answers.add_client_error("describe_budgets", "AccessDeniedException", "Account 1 is a linked account.")
        (found,) = check_budgets(budgets, account="123456789012")
    assert found.verdict == "warning"
    assert "AWS refuses budgets in this account (Account 1 is a linked account.)" in found.line


@pytest.mark.parametrize(
    ("names", "service", "verdict", "text"),
    [
        (["es-logs"], "es.amazonaws.com", "ok", "the region has 1 of 10 resource policies"),
        ([f"es-{n}" for n in range(MAX_LOG_POLICIES)], "es.amazonaws.com", "failed", "none lets state machines log"),
        ([DELIVERY_POLICY, *map(str, range(1, MAX_LOG_POLICIES))], "es.amazonaws.com", "ok", "10 of 10"),
        ([f"all-{n}" for n in range(MAX_LOG_POLICIES)], DELIVERY_SERVICE, "warning", "only if all-0 or all-1"),
    ],
)
def test_log_policies(account: Session, names: list[str], service: str, verdict: str, text: str) -> None:
    logs = account.client("logs")
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "logs:PutLogEvents", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for name in names:
        logs.put_resource_policy(policyName=name, policyDocument=document)
    (found,) = check_log_policies(logs)
    assert found.verdict == verdict
    assert text in found.line


def test_the_limit_of_vpcs(account: Session) -> None:
    ec2, quotas = account.client("ec2"), account.client("service-quotas")
    (default,) = check_networks(ec2, quotas)
    assert (default.verdict, default.line) == ("ok", "network: the region has 1 of 5 VPCs")
    for number in range(4):
        ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")
    (full,) = check_networks(ec2, quotas)
    assert full.verdict == "failed"
    assert full.line.startswith("network: the region has 5 of 5 VPCs, and network.isolated creates one; delete one")
