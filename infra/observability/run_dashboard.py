"""One page in CloudWatch: the last runs, how good they were, how long they took and what they cost."""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

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
        state_machine: sfn.IStateMachine,
        partitions: sfn.IStateMachine | None,
        show_runs: lambda_.IFunction,
        log_groups: Sequence[logs.ILogGroup],
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, construct_id)
        self._name = name
        dashboard = cloudwatch.Dashboard(self, "Dashboard", dashboard_name=name, default_interval=SHOWN)
        dashboard.add_widgets(
            cloudwatch.TextWidget(markdown=self._links(state_machine, partitions), width=WIDTH // 2, height=4),
            cloudwatch.AlarmStatusWidget(alarms=list(alarms), title="Alarms", width=WIDTH // 2, height=4),
        )
        dashboard.add_widgets(
            cloudwatch.CustomWidget(
                function_arn=show_runs.function_arn,
                title="The last runs" if partitions is None else "The last run of each partition",
                width=WIDTH,
                height=8,
                update_on_resize=False,
            )
        )
        dashboard.add_widgets(
            self._graph("Error of the backtest (WAPE)", Wape="forecast", BaselineWape="seasonal naive"),
            self._graph("Bias of the backtest", Bias="bias"),
            self._graph("Demand within the outer quantiles", Coverage="covered", NominalCoverage="to be covered"),
            self._graph(
                "Off the last published run",
                DemandDrift="demand since then",
                ForecastDrift="forecast of the same periods",
            ),
        )
        dashboard.add_widgets(
            self._graph_of_each("Seconds by stage", "StageSeconds", "Stage", stacked=True),
            self._graph("Seconds", JobSeconds="job worked", BillableSeconds="job billed", FleetSeconds="fleet"),
            self._graph("Cost, as by hourly_prices", Cost="job", FleetCost="fleet"),
            self._graph_of_counts(
                "Runs", RunsPublished="published", RunsKept="kept", RunsHeld="held", RunsFailed="failed"
            ),
        )
        dashboard.add_widgets(
            self._graph("Series", Series="series"),
            self._graph("Rows", DemandRows="demand", ForecastRows="forecasts"),
            self._graph("Bytes of demand", DemandBytes="demand"),
            self._graph("Days since the model was trained", ModelAgeDays="days"),
            self._graph_of_each("What the demand held", "DataQuality", "Finding"),
        )
        if partitions is not None:
            dashboard.add_widgets(
                self._graph("Partitions that were not done", PartitionsUnfinished="of one execution of all"),
            )
        dashboard.add_widgets(
            cloudwatch.LogQueryWidget(
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
        )

    def _links(self, state_machine: sfn.IStateMachine, partitions: sfn.IStateMachine | None) -> str:
        region = Stack.of(self).region
        console = f"https://{region}.console.aws.amazon.com"
        machines = {"Executions": state_machine, "Executions of all partitions": partitions}
        pages = {
            words: f"states/home?region={region}#/statemachines/view/{machine.state_machine_arn}"
            for words, machine in machines.items()
            if machine is not None
        } | {
            "Training jobs": f"sagemaker/home?region={region}#/jobs",
            "Processing jobs": f"sagemaker/home?region={region}#/processing-jobs",
            "Registry": f"dynamodbv2/home?region={region}#item-explorer?table={self._name}-runs",
            "Queries": f"athena/home?region={region}#/query-editor",
        }
        return "\n".join([f"# {self._name}", *(f"- [{words}]({console}/{page})" for words, page in pages.items())])

    def _graph(self, title: str, **metrics: str) -> cloudwatch.GraphWidget:
        left = [run_metric(metric, self._name, label=label) for metric, label in metrics.items()]
        return cloudwatch.GraphWidget(title=title, left=left, width=WIDTH // 4, height=6)

    def _graph_of_counts(self, title: str, **metrics: str) -> cloudwatch.GraphWidget:
        """Of what every run counts as one: with partitions there are many a day."""
        left = [run_metric(metric, self._name, statistic="Sum", label=label) for metric, label in metrics.items()]
        return cloudwatch.GraphWidget(title=title, left=left, width=WIDTH // 4, height=6)

    def _graph_of_each(
        self, title: str, metric: str, dimension: str, *, stacked: bool = False
    ) -> cloudwatch.GraphWidget:
        left = [of_each(metric, self._name, dimension)]
        return cloudwatch.GraphWidget(title=title, left=left, stacked=stacked, width=WIDTH // 4, height=6)
