"""Preflight says what an account lacks for the first deployment. The responses have the form of AWS's API."""

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from cli.aws.account_checks import check_budgets, check_concurrency
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
