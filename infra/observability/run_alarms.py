"""What rings: a run that failed, was held, is late or slow, partitions left over, and demand off its forecast."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.metrics import Metric
from infra.common.stack_context import StackContext
from infra.common.state_machines import StateMachines
from infra.common.threshold_alarm import threshold_alarm
from infra.observability.run_metrics import run_metric

# A run is over within an hour of its metrics; one that is not is told of by the next.
WITHIN = Duration.hours(1)
# Of the time after which SageMaker stops the job: there is still time to choose a larger machine.
SLOW_SHARE = 0.8
SECONDS_A_MINUTE = 60


class RunAlarms(Construct):
    """Alarms on what the functions write and what Step Functions counts, all of which tell the outcomes' topic.

    A run that fails, is held or is late tells the topic by itself, too, and better; the alarms are for what watches
    alarms, and for the day on which the message could not be sent.

    Attributes:
        alarms: All of them.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, context: StackContext, state_machines: StateMachines
    ) -> None:
        super().__init__(scope, construct_id)
        self._context = context
        alarms = [self._failed(state_machines.run), self._held(), self._late(), self._slow()]
        if state_machines.partitions is not None:
            alarms.append(self._partitions(state_machines.partitions))
        if context.settings.alerts.max_drift is not None:
            alarms.append(self._drift(context.settings.alerts.max_drift))
        self.alarms: Sequence[cloudwatch.Alarm] = alarms

    def _failed(self, run: sfn.IStateMachine) -> cloudwatch.Alarm:
        # A run that is held has an alarm of its own.
        held = run_metric(Metric.RUNS_PENDING_APPROVAL, self._context.name, statistic="Sum", period=WITHIN)
        ended = _not_succeeded(run, but={"held": held})
        return self._alarm("Failed", ended, 1, "An execution did not succeed; its message says why and what helps")

    def _held(self) -> cloudwatch.Alarm:
        words = "The gate holds a run back: read its message, then its report"
        return self._alarm("Held", self._metric(Metric.RUNS_PENDING_APPROVAL), 1, words)

    def _late(self) -> cloudwatch.Alarm:
        words = "The run that is due is not published; the message says why"
        return self._alarm("Late", self._metric(Metric.RUNS_LATE), 1, words)

    def _slow(self) -> cloudwatch.Alarm:
        minutes = self._context.settings.training_job.max_runtime_minutes
        words = (
            f"The job took more than {SLOW_SHARE:.0%} of max_runtime_minutes ({minutes}); raise "
            "it, or take a larger machine, before it is stopped"
        )
        return self._alarm("Slow", self._metric(Metric.JOB_SECONDS), minutes * SECONDS_A_MINUTE * SLOW_SHARE, words)

    def _partitions(self, partitions: sfn.IStateMachine) -> cloudwatch.Alarm:
        words = (
            "An execution of all partitions did not succeed; its message says which of them are not done, its table why"
        )
        return self._alarm("Partitions", _not_succeeded(partitions), 1, words)

    def _drift(self, max_drift: float) -> cloudwatch.Alarm:
        words = (
            f"Demand since the last published run is more than {max_drift:.0%} off what that expected; see the "
            "report, and whether all demand has arrived"
        )
        return self._alarm("Drift", self._metric(Metric.DEMAND_DRIFT), max_drift, words)

    def _metric(self, metric: Metric) -> cloudwatch.Metric:
        return run_metric(metric, self._context.name, period=WITHIN)

    def _alarm(
        self, construct_id: str, metric: cloudwatch.IMetric, threshold: float, description: str
    ) -> cloudwatch.Alarm:
        return threshold_alarm(
            self,
            construct_id,
            name=f"{self._context.name}-{construct_id.lower()}",
            what_to_do=description,
            metric=metric,
            threshold=threshold,
            topic=self._context.topic,
        )


def _not_succeeded(
    state_machine: sfn.IStateMachine, *, but: Mapping[str, cloudwatch.IMetric] | None = None
) -> cloudwatch.MathExpression:
    """Executions that did not succeed, without those that are counted elsewhere."""
    ended: dict[str, cloudwatch.IMetric] = {
        "failed": state_machine.metric_failed(period=WITHIN),
        "timed_out": state_machine.metric_timed_out(period=WITHIN),
        "aborted": state_machine.metric_aborted(period=WITHIN),
    }
    less = but or {}
    return cloudwatch.MathExpression(
        expression=" + ".join(f"FILL({name}, 0)" for name in ended) + "".join(f" - FILL({name}, 0)" for name in less),
        label="Executions that did not succeed",
        using_metrics={**ended, **less},
        period=WITHIN,
    )
