"""Resources that are still there after an environment was removed."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from infra.settings.environment import DEPLOYMENT_TAG
from local_cloud import ClientFactory

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import FilterTypeDef


def leftovers(client: ClientFactory, name: str) -> Iterator[str]:
    """Yield the kind and name of every resource whose name begins with the deployment's.

    KMS keys are not among them: AWS deletes a key after seven days.

    Args:
        client: Makes boto3 clients.
        name: Name of the deployment, for example `onejob-acceptance`.
    """
    for kind, names in KINDS.items():
        yield from (
            f"{kind} {found}" for found in names(client, name) if found.startswith((name, f"/aws/lambda/{name}"))
        )


def _stacks(client: ClientFactory, _name: str) -> Iterator[str]:
    for page in client("cloudformation").get_paginator("describe_stacks").paginate():
        yield from (stack["StackName"] for stack in page["Stacks"])


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
    for prefix in (name, f"/aws/lambda/{name}"):
        for page in client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix):
            yield from (group["logGroupName"] for group in page["logGroups"])


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
    "alarm": _alarms,
    "dashboard": _dashboards,
    "database": _databases,
    "key alias": _key_aliases,
    "network": _networks,
    "role": _roles,
}
