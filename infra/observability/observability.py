"""What operators watch: alarms, the dashboard, and what it all costs a month."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.observability.monthly_budget import MonthlyBudget
from infra.observability.run_alarms import RunAlarms
from infra.observability.run_dashboard import RunDashboard
from infra.settings.environment import Settings


class Observation(Construct):
    """Composes the three."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        state_machine: sfn.StateMachine,
        partitions: sfn.StateMachine | None,
        show_runs: lambda_.IFunction,
        log_groups: Sequence[logs.ILogGroup],
        of_queues: Sequence[cloudwatch.IAlarm],
        topic: sns.Topic,
        key: kms.Key,
    ) -> None:
        """Creates them.

        Args:
            scope: The parent.
            construct_id: The id in it.
            settings: The environment.
            state_machine: What is watched.
            partitions: That of all partitions; None where there is but one.
            show_runs: Draws the table of runs.
            log_groups: Of all functions.
            of_queues: Alarms that there are already.
            topic: Hears of the alarms, and of the budget.
            key: Encrypts what the topic hears.
        """
        super().__init__(scope, construct_id)
        alarms = RunAlarms(
            self, "Alarms", settings=settings, state_machine=state_machine, partitions=partitions, topic=topic
        ).alarms
        RunDashboard(
            self,
            "Dashboard",
            name=settings.name,
            state_machine=state_machine,
            partitions=partitions,
            show_runs=show_runs,
            log_groups=log_groups,
            alarms=[*alarms, *of_queues],
        )
        limit_usd = settings.alerts.monthly_budget_usd
        if limit_usd is not None:
            MonthlyBudget(self, "Budget", name=settings.name, limit_usd=limit_usd, topic=topic, key=key)
