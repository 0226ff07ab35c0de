"""Checks of what an account allows before the first deployment: Lambda's concurrency and budgets."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.settings.environment import Settings
from lambdas.preflight.check_results import CheckResult, failed, ok, warning

if TYPE_CHECKING:
    from mypy_boto3_budgets import BudgetsClient
    from mypy_boto3_lambda import LambdaClient

# Functions of every deployment, and those of its options.
COMMON_FUNCTIONS = 10
PARTITION_FUNCTIONS = 2
# Lambda refuses a reservation that would leave fewer executions for all other functions.
MIN_UNRESERVED = 100
# Below this limit, functions of several runs or partitions wait for each other.
MIN_CONCURRENCY = 50
# Words of AWS in the refusal of a budget.
LINKED_ACCOUNT = "linked account"


def function_count(settings: Settings) -> int:
    """Return the number of functions that a deployment has."""
    count = COMMON_FUNCTIONS + (settings.alerts.deadline_cron is not None) + (settings.fleet is not None)
    return count + (PARTITION_FUNCTIONS if settings.partitions is not None else 0)


def check_concurrency(functions: "LambdaClient", *, reserved: int | None, count: int) -> list[CheckResult]:
    """Check that the account's concurrent executions suffice for the functions.

    Args:
        functions: A Lambda client.
        reserved: Concurrent executions that the settings reserve for each function; None for none.
        count: Number of functions.
    """
    limits = functions.get_account_settings()["AccountLimit"]
    total, free = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
    quota_advice = 'ask for more "Concurrent executions" of AWS Lambda in Service Quotas'
    if reserved is not None and free - count * reserved < MIN_UNRESERVED:
        return [
            failed(
                f"concurrency: {count} functions reserve {count * reserved} executions, but the account has {free} "
                f"unreserved ones, and Lambda keeps {MIN_UNRESERVED}; remove functions.reserved_concurrency, "
                f"or {quota_advice}"
            )
        ]
    if total < MIN_CONCURRENCY:
        return [warning(f"concurrency: all functions of the account share {total} executions; {quota_advice}")]
    return [ok(f"concurrency: {free} of {total} executions are unreserved")]


def check_budgets(budgets: "BudgetsClient", *, account: str) -> list[CheckResult]:
    """Check that the account may have a budget. A refused budget fails only its own stack.

    Args:
        budgets: A Budgets client.
        account: The account's number.

    Raises:
        ClientError: The call failed for another reason, for example because the caller lacks a permission.
    """
    try:
        budgets.describe_budgets(AccountId=account, MaxResults=1)
    except ClientError as error:
        reason = error.response["Error"].get("Message", "")
        if LINKED_ACCOUNT not in reason:
            raise
        line = f"budget: AWS refuses budgets in this account ({reason}); remove alerts.monthly_budget_usd, or let the "
        return [warning(f"{line}management account of the organization allow them")]
    return [ok("budget: the account may have budgets")]
