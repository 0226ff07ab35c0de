"""Alarms on runs that fail, need approval, are late or slow, on unfinished partitions, and on demand drift."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from contract.metrics import Metric
from infra.common.stack_context import StackContext
from infra.common.state_machines import StateMachines
from infra.common.threshold_alarm import threshold_alarm
from infra.observability.run_metrics import run_metric

# A run and its metrics usually end within the same hour. If they do not, the next period raises the alarm.
WITHIN = Duration.hours(1)
# Share of the time after which SageMaker stops the job. It leaves time to choose a larger instance type.
SLOW_SHARE = 0.8
SECONDS_A_MINUTE = 60


class RunAlarms(Construct):
    """Alarms on the functions' metrics, and on Step Functions' counts of all partitions. Each notifies the topic.

    The state machine and CheckDeadline also send a message for a run that fails, needs approval or is late. That
    message has more detail. The alarms serve tools that watch alarms, and cover a message that could not be sent.

    Attributes:
        alarms: Every alarm.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, context: StackContext, state_machines: StateMachines
    ) -> None:
        super().__init__(scope, construct_id)
        self._context = context
        alarms = [self._failed(), self._pending_approval(), self._late(), self._slow()]
        if state_machines.partitions is not None:
            alarms.append(self._partitions(state_machines.partitions))
        if context.settings.alerts.max_drift is not None:
            alarms.append(self._drift(context.settings.alerts.max_drift))
        self.alarms: Sequence[cloudwatch.Alarm] = alarms

    def _failed(self) -> cloudwatch.Alarm:
        text = "A run failed, timed out or was aborted. The notification gives the cause and what to do."
        return self._alarm("Failed", self._metric(Metric.RUNS_FAILED), 1, text)

    def _pending_approval(self) -> cloudwatch.Alarm:
        text = "The quality gate did not publish a run; it is pending approval. Read the notification and the report."
        return self._alarm("Pending-Approval", self._metric(Metric.RUNS_PENDING_APPROVAL), 1, text)

    def _late(self) -> cloudwatch.Alarm:
        text = "The run that is due is not published. The notification gives the reason."
        return self._alarm("Late", self._metric(Metric.RUNS_LATE), 1, text)

    def _slow(self) -> cloudwatch.Alarm:
        minutes = self._context.settings.training_job.max_runtime_minutes
        text = (
            f"The training job took more than {SLOW_SHARE:.0%} of max_runtime_minutes ({minutes}). Raise "
            "max_runtime_minutes or use a larger instance type, before SageMaker stops the job."
        )
        return self._alarm("Slow", self._metric(Metric.JOB_SECONDS), minutes * SECONDS_A_MINUTE * SLOW_SHARE, text)

    def _partitions(self, partitions: sfn.IStateMachine) -> cloudwatch.Alarm:
        text = (
            "An execution of all partitions did not succeed. The notification names the unfinished partitions. "
            "The outcomes table gives the reasons."
        )
        return self._alarm("Partitions", _not_succeeded(partitions), 1, text)

    def _drift(self, max_drift: float) -> cloudwatch.Alarm:
        text = (
            f"Demand since the last published run differs from its forecast by more than {max_drift:.0%}. "
            "Read the report, and check that all demand has arrived."
        )
        return self._alarm("Drift", self._metric(Metric.DEMAND_DRIFT), max_drift, text)

    def _metric(self, metric: Metric) -> cloudwatch.Metric:
        return run_metric(metric, self._context.name, period=WITHIN)

    def _alarm(
        self, construct_id: str, metric: cloudwatch.IMetric, threshold: float, description: str
    ) -> cloudwatch.Alarm:
        return threshold_alarm(
            self,
            construct_id,
            name=f"{self._context.name}-{construct_id.lower()}",
            description=description,
            metric=metric,
            threshold=threshold,
            topic=self._context.topic,
        )


def _not_succeeded(state_machine: sfn.IStateMachine) -> cloudwatch.MathExpression:
    """Return the number of executions that did not succeed."""
    ended: dict[str, cloudwatch.IMetric] = {
        "failed": state_machine.metric_failed(period=WITHIN),
        "timed_out": state_machine.metric_timed_out(period=WITHIN),
        "aborted": state_machine.metric_aborted(period=WITHIN),
    }
    return cloudwatch.MathExpression(
        expression=" + ".join(f"FILL({name}, 0)" for name in ended),
        label="Executions that did not succeed",
        using_metrics=ended,
        period=WITHIN,
    )
