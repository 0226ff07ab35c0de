"""Checks of an account's limits: concurrency of Lambda, budgets, log resource policies, networks."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.preflight.check_results import CheckResult, failed, ok, warning

if TYPE_CHECKING:
    from mypy_boto3_budgets import BudgetsClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_service_quotas import ServiceQuotasClient

# Lambda refuses a reservation that would leave fewer executions for all other functions.
MIN_UNRESERVED = 100
# Below this limit, functions of several runs or partitions wait for each other.
MIN_CONCURRENCY = 50
# Words of AWS in the refusal of a budget.
LINKED_ACCOUNT = "linked account"
# CloudWatch Logs accepts so many resource policies in a region, and nobody can raise that.
MAX_LOG_POLICIES = 10
# The policy that CloudWatch Logs writes itself when a state machine with a log is created, and the service in it.
DELIVERY_POLICY = "AWSLogDeliveryWrite20150319"
DELIVERY_SERVICE = "delivery.logs.amazonaws.com"
# Code in Service Quotas of "VPCs per Region".
VPC_QUOTA = "L-F678F1CE"


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


def check_log_policies(logs: "CloudWatchLogsClient") -> list[CheckResult]:
    """Check that CloudWatch Logs may write the policy by which state machines log.

    Args:
        logs: A CloudWatch Logs client.
    """
    pages = logs.get_paginator("describe_resource_policies").paginate()
    policies = {each["policyName"]: each["policyDocument"] for page in pages for each in page["resourcePolicies"]}
    count = f"log policies: the region has {len(policies)} of {MAX_LOG_POLICIES} resource policies of CloudWatch Logs"
    if len(policies) < MAX_LOG_POLICIES or DELIVERY_POLICY in policies:
        return [ok(count)]
    cure = "join or delete some (aws logs describe-resource-policies, delete-resource-policy)"
    if allowing := [name for name, document in policies.items() if DELIVERY_SERVICE in document]:
        return [warning(f"{count}; state machines can log only if {' or '.join(allowing)} allows it, else {cure}")]
    return [failed(f"{count}, and none lets state machines log, so their creation fails; {cure}")]


def check_networks(ec2: "EC2Client", quotas: "ServiceQuotasClient") -> list[CheckResult]:
    """Check that the region may have another VPC, for the isolated network of the jobs.

    Args:
        ec2: An EC2 client.
        quotas: A Service Quotas client.
    """
    limit = quotas.get_service_quota(ServiceCode="vpc", QuotaCode=VPC_QUOTA)["Quota"]["Value"]
    found = sum(len(page["Vpcs"]) for page in ec2.get_paginator("describe_vpcs").paginate())
    line = f"network: the region has {found} of {limit:g} VPCs"
    if found < limit:
        return [ok(line)]
    advice = 'delete one, ask for more "VPCs per Region" in Service Quotas, or name your own subnets in [network]'
    return [failed(f"{line}, and network.isolated creates one; {advice}")]
