"""Resources that are still there after an environment was removed."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from contract.names import JOB_KINDS, job_log_group
from infra.settings.environment import DEPLOYMENT_TAG
from local_cloud import ClientFactory

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef

# Beginnings of the names of log groups: CodeBuild, Lambda and Step Functions put theirs into folders.
LOG_PREFIXES = ("", "/aws/codebuild/", "/aws/lambda/", "/aws/vendedlogs/states/")


def leftovers(client: ClientFactory, name: str) -> Iterator[str]:
    """Yield the kind and name of every resource whose name begins with the deployment's.

    KMS keys are not among them: AWS deletes a key after seven days.

    Args:
        client: Makes boto3 clients.
        name: Name of the deployment, for example `onejob-acceptance`.
    """
    for kind, names in KINDS.items():
        yield from (f"{kind} {found}" for found in names(client, name) if found.startswith(name))


def _stacks(client: ClientFactory, _name: str) -> Iterator[str]:
    # DescribeStacks without a name would need the permission to read the outputs of all stacks.
    for page in client("cloudformation").get_paginator("list_stacks").paginate():
        stacks = page["StackSummaries"]
        yield from (stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE")


def _buckets(client: ClientFactory, name: str) -> Iterator[str]:
    for page in client("s3").get_paginator("list_buckets").paginate(Prefix=name):
        yield from (bucket["Name"] for bucket in page.get("Buckets", []))


def _functions(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("lambda").get_paginator("list_functions").paginate():
        yield from (function["FunctionName"] for function in page["Functions"])


def _state_machines(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("stepfunctions").get_paginator("list_state_machines").paginate():
        yield from (machine["name"] for machine in page["stateMachines"])


def _schedules(client: ClientFactory, name: str) -> Iterator[str]:
    for page in client("scheduler").get_paginator("list_schedules").paginate(NamePrefix=name):
        yield from (schedule["Name"] for schedule in page["Schedules"])


def _tables(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("dynamodb").get_paginator("list_tables").paginate():
        yield from page["TableNames"]


def _topics(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("sns").get_paginator("list_topics").paginate():
        yield from (topic["TopicArn"].rpartition(":")[2] for topic in page["Topics"])


def _queues(client: ClientFactory, name: str) -> Iterator[str]:
    for page in client("sqs").get_paginator("list_queues").paginate(QueueNamePrefix=name):
        yield from (url.rpartition("/")[2] for url in page.get("QueueUrls", []))


def _rules(client: ClientFactory, name: str) -> Iterator[str]:
    for page in client("events").get_paginator("list_rules").paginate(NamePrefix=name):
        yield from (rule["Name"] for rule in page["Rules"])


def _log_groups(client: ClientFactory, name: str) -> Iterator[str]:
    for prefix in LOG_PREFIXES:
        pages = client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"{prefix}{name}")
        yield from (group["logGroupName"].removeprefix(prefix) for page in pages for group in page["logGroups"])


def _job_logs(client: ClientFactory, name: str) -> Iterator[str]:
    logs = client("logs")
    for kind in JOB_KINDS:
        pages = logs.get_paginator("describe_log_streams").paginate(
            logGroupName=job_log_group(kind), logStreamNamePrefix=f"{name}-"
        )
        with suppress(logs.exceptions.ResourceNotFoundException):  # the account has never run such a job
            yield from (stream["logStreamName"] for page in pages for stream in page["logStreams"])


def _workgroups(client: ClientFactory, _name: str) -> Iterator[str]:
    athena, page = client("athena"), client("athena").list_work_groups()
    while True:
        yield from (workgroup["Name"] for workgroup in page["WorkGroups"])
        if "NextToken" not in page:
            return
        page = athena.list_work_groups(NextToken=page["NextToken"])


def _repositories(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("ecr").get_paginator("describe_repositories").paginate():
        yield from (repository["repositoryName"] for repository in page["repositories"])


def _build_projects(client: ClientFactory, _name: str) -> Iterator[str]:
    # The cast is needed because `ClientFactory` knows only the services of the local cloud.
    for page in cast("Any", client)("codebuild").get_paginator("list_projects").paginate():
        yield from page["projects"]


def _budgets(client: ClientFactory, _name: str) -> Iterator[str]:
    account = client("sts").get_caller_identity()["Account"]
    for page in client("budgets").get_paginator("describe_budgets").paginate(AccountId=account):
        yield from (budget["BudgetName"] for budget in page.get("Budgets", []))


def _alarms(client: ClientFactory, name: str) -> Iterator[str]:
    for page in client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=name):
        yield from (alarm["AlarmName"] for alarm in page["MetricAlarms"])


def _dashboards(client: ClientFactory, name: str) -> Iterator[str]:
    for page in client("cloudwatch").get_paginator("list_dashboards").paginate(DashboardNamePrefix=name):
        yield from (dashboard["DashboardName"] for dashboard in page["DashboardEntries"])


def _databases(client: ClientFactory, name: str) -> Iterator[str]:
    for page in client("glue").get_paginator("get_databases").paginate():
        found = (database["Name"] for database in page["DatabaseList"])
        # The name of the database has underscores instead of dashes.
        yield from (name for database in found if database == name.replace("-", "_"))


def _key_aliases(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("kms").get_paginator("list_aliases").paginate():
        yield from (alias["AliasName"].removeprefix("alias/") for alias in page["Aliases"])


def _networks(client: ClientFactory, name: str) -> Iterator[str]:
    filters: list[FilterTypeDef] = [{"Name": f"tag:{DEPLOYMENT_TAG}", "Values": [name]}]
    for page in client("ec2").get_paginator("describe_vpcs").paginate(Filters=filters):
        yield from (f"{name} ({vpc['VpcId']})" for vpc in page["Vpcs"])


def _roles(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("iam").get_paginator("list_roles").paginate():
        yield from (role["RoleName"] for role in page["Roles"])


KINDS: dict[str, Callable[[ClientFactory, str], Iterator[Any]]] = {
    "stack": _stacks,
    "bucket": _buckets,
    "function": _functions,
    "state machine": _state_machines,
    "schedule": _schedules,
    "table": _tables,
    "topic": _topics,
    "queue": _queues,
    "rule": _rules,
    "log group": _log_groups,
    "log stream": _job_logs,
    "workgroup": _workgroups,
    "repository": _repositories,
    "build project": _build_projects,
    "budget": _budgets,
    "alarm": _alarms,
    "dashboard": _dashboards,
    "database": _databases,
    "key alias": _key_aliases,
    "network": _networks,
    "role": _roles,
}
