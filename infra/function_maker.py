"""Makes functions in a stack: what all of them share, and how they are given what they may do."""

import json
from collections.abc import Sequence

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs

from infra.data_stack import DataStack
from infra.dead_letter_queue import DeadLetterQueue
from infra.function import PythonFunction
from infra.log_group import LogGroup
from infra.nag import acknowledge_wildcard
from infra.settings import Settings

REGISTRY, CALENDAR, FILES, LINKS = "run_registry", "run_calendar", "run_files", "console_links"
QUOTAS, PARTITIONS, RUN_INPUT = "account_quotas", "partitions", "run_input"
# Moves in the registry, and what its key takes.
ITEMS = ["dynamodb:GetItem", "dynamodb:PutItem"]
KEY_OF_TABLE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
NAMED_AS_THEY_COME = "The objects under one prefix: partitions and runs name them as they come."


class FunctionMaker:
    """Makes them.

    Args:
        stack: Where they are made.
        settings: The environment.
        data: Buckets, key, registry and catalogue.
        undelivered: Keeps the events that a function failed for.

    Attributes:
        settings: The environment.
        data: Buckets, key, registry and catalogue.
        undelivered: Keeps the events that a function failed for.
        log_groups: Of the functions that have been made.
    """

    def __init__(self, stack: Stack, *, settings: Settings, data: DataStack, undelivered: DeadLetterQueue) -> None:
        self._stack, self.settings, self.data, self.undelivered = stack, settings, data, undelivered
        self.log_groups: list[logs.ILogGroup] = []

    def log_group(self, construct_id: str, *, name: str | None = None) -> logs.ILogGroup:
        """A log group of this environment."""
        return LogGroup(
            self._stack,
            construct_id,
            name=name,
            key=self.data.key,
            days=self.settings.retention.log_days,
            removal_policy=self.data.removal_policy,
        ).log_group

    def executions(self) -> str:
        """ARN of all executions of the state machine, which is not made yet."""
        return self._stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{self.settings.name}-forecast:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )

    def prices(self) -> str:
        """What an hour of each machine costs, as a variable."""
        return json.dumps(self.settings.training_job.hourly_prices)

    def of_input(self) -> dict[str, str]:
        """What an execution's input is checked against, as variables."""
        settings, fleet = self.settings, self.settings.fleet
        return {
            "BASE_CONFIG": json.dumps(settings.forecast.to_strings()),
            "TIME_ZONE": settings.schedule.time_zone,
            "PERIOD_LABEL": settings.schedule.period_label,
            "FLEET": json.dumps({"enabled": fleet.enabled, "instances": fleet.fixed} if fleet else None),
        }

    def function(
        self,
        name: str,
        description: str,
        environment: dict[str, str],
        *,
        shared: Sequence[str] = (),
        undelivered: DeadLetterQueue | None = None,
    ) -> PythonFunction:
        """Makes a function.

        Args:
            name: Its name, after the deployment's; with underscores, that of its folder.
            description: What it does.
            environment: Its variables.
            shared: Folders of `lambdas/` that it shares with others.
            undelivered: Keeps what it failed for, where nobody waits for it.
        """
        folder = name.replace("-", "_")
        construct_id = folder.title().replace("_", "")
        log_group = self.log_group(f"{construct_id}Logs")
        self.log_groups.append(log_group)
        function = PythonFunction(
            self._stack,
            construct_id,
            name=f"{self.settings.name}-{name}",
            folder=folder,
            description=description,
            environment={"DEPLOYMENT": self.settings.name, **environment},
            log_group=log_group,
            key=self.data.key,
            shared=["observation", *shared],
            reserved_concurrency=self.settings.functions.reserved_concurrency,
            undelivered=undelivered,
        )
        if undelivered is not None:
            undelivered.grant_key(function.role)
        return function

    def grant(
        self,
        function: PythonFunction,
        sid: str,
        actions: list[str],
        *resources: str,
        prefixes: list[str] | None = None,
    ) -> None:
        """Lets a function do something.

        Args:
            function: The function.
            sid: Of the statement: why.
            actions: What.
            *resources: With what.
            prefixes: Of the keys it may list, where that is what it may do.
        """
        function.role.add_to_policy(
            iam.PolicyStatement(
                sid=sid,
                actions=actions,
                resources=list(resources),
                conditions={"StringLike": {"s3:prefix": prefixes}} if prefixes else None,
            )
        )
        for resource in resources:
            if "*" in resource:
                acknowledge_wildcard(function.role, resource, NAMED_AS_THEY_COME)
