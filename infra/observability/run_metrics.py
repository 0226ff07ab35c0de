"""The metrics of a deployment's runs, as CloudWatch draws and watches them."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from contract.metrics import DEPLOYMENT, NAMESPACE, Metric

# A run a week: a point a day is as fine as anybody looks.
DAY = Duration.days(1)


def run_metric(
    metric: Metric, deployment: str, *, statistic: str = "Maximum", period: Duration = DAY, label: str | None = None
) -> cloudwatch.Metric:
    """A metric of one deployment.

    Args:
        metric: The metric.
        deployment: Name of the deployment.
        statistic: CloudWatch's name of it.
        period: Over which points are joined.
        label: For graphs; the name where absent.
    """
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=metric.value,
        dimensions_map={DEPLOYMENT: deployment},
        statistic=statistic,
        period=period,
        label=label,
    )


def of_each(metric: Metric, deployment: str, dimension: str) -> cloudwatch.MathExpression:
    """A metric that is written in parts, each as a line of a graph.

    Args:
        metric: The metric.
        deployment: Name of the deployment.
        dimension: What tells the parts apart.
    """
    wanted = f'{{{NAMESPACE},{DEPLOYMENT},{dimension}}} MetricName="{metric}" {DEPLOYMENT}="{deployment}"'
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{wanted}', 'Maximum', {DAY.to_seconds():.0f})",
        label=f"${{PROP('Dim.{dimension}')}}",
        period=DAY,
        using_metrics={},
    )
