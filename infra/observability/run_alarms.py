"""What rings: a run that failed, was held, is late or slow, partitions left over, and demand off its forecast."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.common.threshold_alarm import ringing_alarm
from infra.observability.run_metrics import run_metric
from infra.settings.environment import Settings

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
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        state_machine: sfn.StateMachine,
        partitions: sfn.StateMachine | None,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._name, self._topic = settings.name, topic
        job, max_drift = settings.training_job, settings.alerts.max_drift
        # A run that is held has an alarm of its own.
        held = run_metric("RunsHeld", settings.name, statistic="Sum", period=WITHIN)
        ended = _not_succeeded(state_machine, but={"held": held})
        alarms = [
            self._alarm("Failed", ended, 1, "An execution did not succeed; its message says why and what helps"),
            self._alarm(
                "Held", self._metric("RunsHeld"), 1, "The gate holds a run back: read its message, then its report"
            ),
            self._alarm(
                "Late", self._metric("RunsLate"), 1, "The run that is due is not published; the message says why"
            ),
            self._alarm(
                "Slow",
                self._metric("JobSeconds"),
                job.max_runtime_minutes * SECONDS_A_MINUTE * SLOW_SHARE,
                f"The job took more than {SLOW_SHARE:.0%} of max_runtime_minutes ({job.max_runtime_minutes}); raise "
                "it, or take a larger machine, before it is stopped",
            ),
        ]
        if partitions is not None:
            alarms.append(
                self._alarm(
                    "Partitions",
                    _not_succeeded(partitions),
                    1,
                    "An execution of all partitions did not succeed; its message says which of them are not done, its "
                    "table why",
                )
            )
        if max_drift is not None:
            alarms.append(
                self._alarm(
                    "Drift",
                    self._metric("DemandDrift"),
                    max_drift,
                    f"Demand since the last published run is more than {max_drift:.0%} off what that expected; see the "
                    "report, and whether all demand has arrived",
                )
            )
        self.alarms: Sequence[cloudwatch.Alarm] = alarms

    def _metric(self, name: str) -> cloudwatch.Metric:
        return run_metric(name, self._name, period=WITHIN)

    def _alarm(
        self, construct_id: str, metric: cloudwatch.IMetric, threshold: float, description: str
    ) -> cloudwatch.Alarm:
        return ringing_alarm(
            self,
            construct_id,
            name=f"{self._name}-{construct_id.lower()}",
            what_to_do=description,
            metric=metric,
            threshold=threshold,
            topic=self._topic,
        )


def _not_succeeded(
    state_machine: sfn.StateMachine, *, but: Mapping[str, cloudwatch.IMetric] | None = None
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
