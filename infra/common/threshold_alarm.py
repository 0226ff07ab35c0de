"""Builds every alarm of the application with the same comparison, missing-data rule and notification."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct


def threshold_alarm(
    scope: Construct,
    construct_id: str,
    *,
    name: str,
    description: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    topic: sns.ITopic,
) -> cloudwatch.Alarm:
    """Create an alarm that goes into ALARM as soon as one period reaches the threshold.

    Args:
        scope: The parent.
        construct_id: The id in it.
        name: The alarm's name.
        description: Text for operators: what happened and what to do.
        metric: The metric; periods without data count as OK.
        threshold: The smallest value that raises the alarm.
        topic: Topic that the alarm notifies.
    """
    alarm = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_name=name,
        alarm_description=description,
        metric=metric,
        threshold=threshold,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    alarm.add_alarm_action(actions.SnsAction(topic))
    return alarm
