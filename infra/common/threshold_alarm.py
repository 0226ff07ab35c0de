"""How every alarm of this application is built: it rings at its threshold, tells the topic, and silence is fine."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


def threshold_alarm(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    what_to_do: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    topic: sns.ITopic,
) -> cloudwatch.Alarm:
    """An alarm that rings as soon as a period reaches the threshold.

    Args:
        scope: The parent.
        construct_id: The id in it.
        name: The alarm's name.
        what_to_do: What the alarm says.
        metric: What is looked at; there are no data as long as nothing happens.
        threshold: At which it rings.
        topic: Hears of it.
    """
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_name=name,
        alarm_description=what_to_do,
        metric=metric,
        threshold=threshold,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm
