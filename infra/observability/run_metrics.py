"""CloudWatch metrics of a deployment's runs, for alarms and the dashboard."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from contract.metrics import DEPLOYMENT, NAMESPACE, Metric

# Runs are weekly or daily, so one point a day is fine enough.
DAY = Duration.days(1)


def run_metric(
    metric: Metric, deployment: str, *, statistic: str = "Maximum", period: Duration = DAY, label: str | None = None
) -> cloudwatch.Metric:
    """Return a metric of one deployment.

    Args:
        metric: The metric.
        deployment: Name of the deployment.
        statistic: CloudWatch's name of the statistic.
        period: Period that CloudWatch aggregates over.
        label: Label in graphs; the metric's name if None.
    """
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=metric.value,
        dimensions_map={DEPLOYMENT: deployment},
        statistic=statistic,
        period=period,
        label=label,
    )


def metric_by_dimension(metric: Metric, deployment: str, dimension: str) -> cloudwatch.MathExpression:
    """Return a metric as one graph line for each value of a dimension.

    Args:
        metric: The metric.
        deployment: Name of the deployment.
        dimension: Name of the dimension, in addition to the deployment.
    """
    query = f'{{{NAMESPACE},{DEPLOYMENT},{dimension}}} MetricName="{metric}" {DEPLOYMENT}="{deployment}"'
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{query}', 'Maximum', {DAY.to_seconds():.0f})",
        label=f"${{PROP('Dim.{dimension}')}}",
        period=DAY,
        using_metrics={},
    )
