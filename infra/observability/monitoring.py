"""Alarms and dashboard of a deployment."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.common.stack_context import StackContext
from infra.common.state_machines import StateMachines
from infra.observability.run_alarms import RunAlarms
from infra.observability.run_dashboard import RunDashboard


class Monitoring(Construct):
    """Alarms and dashboard."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        context: StackContext,
        state_machines: StateMachines,
        runs_widget: lambda_.IFunction,
        log_groups: Sequence[logs.ILogGroup],
        queue_alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        """Create the alarms and the dashboard.

        Args:
            scope: The parent.
            construct_id: The id in it.
            context: Shared resources of the stack.
            state_machines: State machines to monitor.
            runs_widget: Function that draws the table of runs.
            log_groups: Log groups of all functions.
            queue_alarms: Alarms of the queues, which the dashboard shows with the other alarms.
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
            alarms=[*alarms, *queue_alarms],
        )
