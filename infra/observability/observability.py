"""What operators watch: alarms, the dashboard, and what it all costs a month."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.common.stack_context import StackContext
from infra.common.state_machines import StateMachines
from infra.observability.monthly_budget import MonthlyBudget
from infra.observability.run_alarms import RunAlarms
from infra.observability.run_dashboard import RunDashboard


class Observation(Construct):
    """Composes the three."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: StackContext,
        state_machines: StateMachines,
        runs_widget: lambda_.IFunction,
        log_groups: Sequence[logs.ILogGroup],
        of_queues: Sequence[cloudwatch.IAlarm],
    ) -> None:
        """Create them.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: What the stack's constructs share.
            state_machines: What is watched.
            runs_widget: Draws the table of runs.
            log_groups: Of all functions.
            of_queues: Alarms of the queues, which the dashboard shows beside the others.
        """
        super().__init__(scope, construct_id)
        alarms = RunAlarms(self, "Alarms", context=context, state_machines=state_machines).alarms
        RunDashboard(
            self,
            "Dashboard",
            name=context.name,
            state_machines=state_machines,
            runs_widget=runs_widget,
            log_groups=log_groups,
            alarms=[*alarms, *of_queues],
        )
        limit_usd = context.settings.alerts.monthly_budget_usd
        if limit_usd is not None:
            MonthlyBudget(self, "Budget", context=context, limit_usd=limit_usd)
