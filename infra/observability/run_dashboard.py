"""One page in CloudWatch: the last runs, how good they were, how long they took and what they cost."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from contract.metrics import FINDING, STAGE, Metric
from contract.names import registry_table
from infra.common.state_machines import StateMachines
from infra.observability.run_metrics import of_each, run_metric

WIDTH = 24
SHOWN = Duration.days(180)


class RunDashboard(Construct):
    """The dashboard, with the table of runs that a function draws."""

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
        title = "The last runs" if state_machines.partitions is None else "The last run of each partition"
        rows: list[Sequence[cloudwatch.IWidget]] = [
            self._links_and_alarms(state_machines, alarms),
            [_runs(runs_widget, title)],
            self._quality(),
            self._effort(),
            self._data(),
        ]
        if state_machines.partitions is not None:
            unfinished = self._graph(
                "Partitions that were not done", {Metric.PARTITIONS_UNFINISHED: "of one execution of all"}
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
            words: f"states/home?region={region}#/statemachines/view/{machine.state_machine_arn}"
            for words, machine in machines.items()
            if machine is not None
        } | {
            "Training jobs": f"sagemaker/home?region={region}#/jobs",
            "Processing jobs": f"sagemaker/home?region={region}#/processing-jobs",
            "Registry": f"dynamodbv2/home?region={region}#item-explorer?table={registry_table(self._name)}",
            "Queries": f"athena/home?region={region}#/query-editor",
        }
        return "\n".join([f"# {self._name}", *(f"- [{words}]({console}/{page})" for words, page in pages.items())])

    def _quality(self) -> list[cloudwatch.IWidget]:
        return [
            self._graph(
                "Error of the backtest (WAPE)", {Metric.WAPE: "forecast", Metric.BASELINE_WAPE: "seasonal naive"}
            ),
            self._graph("Bias of the backtest", {Metric.BIAS: "bias"}),
            self._graph(
                "Demand within the outer quantiles",
                {Metric.COVERAGE: "covered", Metric.NOMINAL_COVERAGE: "to be covered"},
            ),
            self._graph(
                "Off the last published run",
                {Metric.DEMAND_DRIFT: "demand since then", Metric.FORECAST_DRIFT: "forecast of the same periods"},
            ),
        ]

    def _effort(self) -> list[cloudwatch.IWidget]:
        return [
            self._graph_of_each("Seconds by stage", Metric.STAGE_SECONDS, STAGE, stacked=True),
            self._graph(
                "Seconds",
                {
                    Metric.JOB_SECONDS: "job worked",
                    Metric.BILLABLE_SECONDS: "job billed",
                    Metric.FLEET_SECONDS: "fleet",
                },
            ),
            self._graph("Cost, as by hourly_prices", {Metric.COST: "job", Metric.FLEET_COST: "fleet"}),
            self._graph_of_counts(
                "Runs",
                {
                    Metric.RUNS_PUBLISHED: "published",
                    Metric.RUNS_SUPERSEDED: "kept",
                    Metric.RUNS_PENDING_APPROVAL: "held",
                    Metric.RUNS_FAILED: "failed",
                },
            ),
        ]

    def _data(self) -> list[cloudwatch.IWidget]:
        return [
            self._graph("Series", {Metric.SERIES: "series"}),
            self._graph("Rows", {Metric.DEMAND_ROWS: "demand", Metric.FORECAST_ROWS: "forecasts"}),
            self._graph("Bytes of demand", {Metric.DEMAND_BYTES: "demand"}),
            self._graph("Days since the model was trained", {Metric.MODEL_AGE_DAYS: "days"}),
            self._graph_of_each("What the demand held", Metric.DATA_QUALITY, FINDING),
        ]

    def _graph(self, title: str, metrics: Mapping[Metric, str]) -> cloudwatch.GraphWidget:
        left = [run_metric(metric, self._name, label=label) for metric, label in metrics.items()]
        return cloudwatch.GraphWidget(title=title, left=left, width=WIDTH // 4, height=6)

    def _graph_of_counts(self, title: str, metrics: Mapping[Metric, str]) -> cloudwatch.GraphWidget:
        """Of what every run counts as one: with partitions there are many a day."""
        left = [run_metric(metric, self._name, statistic="Sum", label=label) for metric, label in metrics.items()]
        return cloudwatch.GraphWidget(title=title, left=left, width=WIDTH // 4, height=6)

    def _graph_of_each(
        self, title: str, metric: Metric, dimension: str, *, stacked: bool = False
    ) -> cloudwatch.GraphWidget:
        left = [of_each(metric, self._name, dimension)]
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
        title="What went wrong in functions",
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
