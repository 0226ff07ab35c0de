"""The metrics that the functions write, by the names they write them under."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

NAMESPACE = "onejob"
# A run a week: a point a day is as fine as anybody looks.
DAY = Duration.days(1)


def run_metric(
    name: str, deployment: str, *, statistic: str = "Maximum", period: Duration = DAY, label: str | None = None
) -> cloudwatch.Metric:
    """A metric of one deployment.

    Args:
        name: As the functions write it.
        deployment: Name of the deployment.
        statistic: CloudWatch's name of it.
        period: Over which points are joined.
        label: For graphs; the name where absent.
    """
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Deployment": deployment},
        statistic=statistic,
        period=period,
        label=label,
    )


def of_each(name: str, deployment: str, dimension: str) -> cloudwatch.MathExpression:
    """A metric that is written in parts, each as a line of a graph.

    Args:
        name: As the functions write it.
        deployment: Name of the deployment.
        dimension: What tells the parts apart.
    """
    wanted = f'{{{NAMESPACE},Deployment,{dimension}}} MetricName="{name}" Deployment="{deployment}"'
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{wanted}', 'Maximum', {DAY.to_seconds():.0f})",
        label=f"${{PROP('Dim.{dimension}')}}",
        period=DAY,
        using_metrics={},
    )
