"""The CloudWatch dashboard: last runs, forecast quality, durations and costs."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from contract.metrics import FINDING, STAGE, Metric
from contract.names import registry_table
from infra.common.state_machines import StateMachines
from infra.observability.run_metrics import metric_by_dimension, run_metric

WIDTH = 24
SHOWN = Duration.days(180)


class RunDashboard(Construct):
    """The dashboard. The function RunsWidget draws its table of runs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        state_machines: StateMachines,
        runs_widget: lambda_.IFunction,
        log_groups: Sequence[logs.ILogGroup],
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        title = "Last runs" if state_machines.partitions is None else "Last run of each partition"
        rows: list[Sequence[cloudwatch.IWidget]] = [
            self._links_and_alarms(state_machines, alarms),
            [_runs(runs_widget, title)],
            self._quality(),
            self._effort(),
            self._data(),
        ]
        if state_machines.partitions is not None:
            unfinished = self._graph(
                "Unfinished partitions", {Metric.PARTITIONS_UNFINISHED: "per execution of all partitions"}
            )
            rows.append([unfinished])
        rows.append([_errors(log_groups)])
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=name, default_interval=SHOWN)
        for row in rows:
            dashboard.add_widgets(*row)

    def _links_and_alarms(
        self, state_machines: StateMachines, alarms: Sequence[cloudwatch.IAlarm]
    ) -> list[cloudwatch.IWidget]:
        return [
            cloudwatch.TextWidget(markdown=self._links(state_machines), width=WIDTH // 2, height=4),
            cloudwatch.AlarmStatusWidget(alarms=list(alarms), title="Alarms", width=WIDTH // 2, height=4),
        ]

    def _links(self, state_machines: StateMachines) -> str:
        region = Stack.of(self).region
        console = f"https://{region}.console.aws.amazon.com"
        machines = {"Executions": state_machines.run, "Executions of all partitions": state_machines.partitions}
        pages = {
            label: f"states/home?region={region}#/statemachines/view/{machine.state_machine_arn}"
            for label, machine in machines.items()
            if machine is not None
        } | {
            "Training jobs": f"sagemaker/home?region={region}#/jobs",
            "Processing jobs": f"sagemaker/home?region={region}#/processing-jobs",
            "Registry": f"dynamodbv2/home?region={region}#item-explorer?table={registry_table(self._name)}",
            "Queries": f"athena/home?region={region}#/query-editor",
        }
        return "\n".join([f"# {self._name}", *(f"- [{label}]({console}/{page})" for label, page in pages.items())])

    def _quality(self) -> list[cloudwatch.IWidget]:
        return [
            self._graph("Backtest error (WAPE)", {Metric.WAPE: "forecast", Metric.BASELINE_WAPE: "seasonal naive"}),
            self._graph("Backtest bias", {Metric.BIAS: "bias"}),
            self._graph(
                "Coverage of the prediction interval",
                {Metric.COVERAGE: "actual", Metric.NOMINAL_COVERAGE: "nominal"},
            ),
            self._graph(
                "Drift from the last published run",
                {Metric.DEMAND_DRIFT: "demand since then", Metric.FORECAST_DRIFT: "forecast of the same periods"},
            ),
        ]

    def _effort(self) -> list[cloudwatch.IWidget]:
        return [
            self._graph_by_dimension("Seconds by stage", Metric.STAGE_SECONDS, STAGE, stacked=True),
            self._graph(
                "Seconds",
                {
                    Metric.JOB_SECONDS: "job",
                    Metric.BILLABLE_SECONDS: "job, billable",
                    Metric.FLEET_SECONDS: "fleet",
                },
            ),
            self._graph("Cost in USD (from hourly_prices)", {Metric.COST: "job", Metric.FLEET_COST: "fleet"}),
            self._graph_of_counts(
                "Runs",
                {
                    Metric.RUNS_PUBLISHED: "published",
                    Metric.RUNS_SUPERSEDED: "superseded",
                    Metric.RUNS_PENDING_APPROVAL: "pending approval",
                    Metric.RUNS_FAILED: "failed",
                },
            ),
        ]

    def _data(self) -> list[cloudwatch.IWidget]:
        return [
            self._graph("Series", {Metric.SERIES: "series"}),
            self._graph("Rows", {Metric.DEMAND_ROWS: "demand", Metric.FORECAST_ROWS: "forecasts"}),
            self._graph("Bytes of demand", {Metric.DEMAND_BYTES: "demand"}),
            self._graph("Model age in days", {Metric.MODEL_AGE_DAYS: "days"}),
            self._graph_by_dimension("Data quality of the demand", Metric.DATA_QUALITY, FINDING),
        ]

    def _graph(self, title: str, metrics: Mapping[Metric, str]) -> cloudwatch.GraphWidget:
        left = [run_metric(metric, self._name, label=label) for metric, label in metrics.items()]
        return cloudwatch.GraphWidget(title=title, left=left, width=WIDTH // 4, height=6)

    def _graph_of_counts(self, title: str, metrics: Mapping[Metric, str]) -> cloudwatch.GraphWidget:
        """Draw sums of metrics that each run counts as 1: with partitions there are many runs a day."""
        left = [run_metric(metric, self._name, statistic="Sum", label=label) for metric, label in metrics.items()]
        return cloudwatch.GraphWidget(title=title, left=left, width=WIDTH // 4, height=6)

    def _graph_by_dimension(
        self, title: str, metric: Metric, dimension: str, *, stacked: bool = False
    ) -> cloudwatch.GraphWidget:
        left = [metric_by_dimension(metric, self._name, dimension)]
        return cloudwatch.GraphWidget(title=title, left=left, stacked=stacked, width=WIDTH // 4, height=6)


def _runs(runs_widget: lambda_.IFunction, title: str) -> cloudwatch.CustomWidget:
    return cloudwatch.CustomWidget(
        function_arn=runs_widget.function_arn,
        title=title,
        width=WIDTH,
        height=8,
        update_on_resize=False,
    )


def _errors(log_groups: Sequence[logs.ILogGroup]) -> cloudwatch.LogQueryWidget:
    return cloudwatch.LogQueryWidget(
        title="Errors in functions",
        log_group_names=[group.log_group_name for group in log_groups],
        query_lines=[
            "fields timestamp, function, run_id, error, message",
            'filter level = "ERROR"',
            "sort timestamp desc",
            "limit 20",
        ],
        width=WIDTH,
        height=6,
    )
