"""Check that the deployed image can read the published models, which scheduled runs use between two trainings."""

from typing import cast

from boto3 import Session

from contract.environments.before_job import PreflightEnvironment
from contract.environments.settings import PartitionSource
from contract.function_errors import InputError
from contract.partitions import WHOLE
from contract.state.run_state import ModelFacts
from infra.settings.environment import Settings
from lambdas.plan.published import published_model
from lambdas.preflight.check_results import CheckResult, warning
from lambdas.preflight.image import readable_format
from lambdas.preflight.model import check_model
from lambdas.shared.partitions import partition_names


def check_published_models(
    settings: Settings, session: Session, environment: PreflightEnvironment
) -> list[CheckResult]:
    """Check the published model of each partition. Without `infer_cron`, no run uses it, and nothing is checked.

    Args:
        settings: Settings of the environment.
        session: Session in the environment's region, with the user's own credentials.
        environment: Environment variables of the deployed preflight function.

    Returns:
        One result per verdict: the first partition with it, and the number of further partitions. There may be
        thousands of partitions.
    """
    if settings.schedule.infer_cron is None:
        return []
    s3, reads = session.client("s3"), readable_format(session.client("ecr"), environment.image)
    names = [WHOLE]
    if settings.partitions is not None:
        names = partition_names(
            s3, PartitionSource(data_bucket=environment.data_bucket, partitions=settings.partitions.names or None)
        )
    found: dict[str, list[CheckResult]] = {}
    for name in names:
        try:
            model = published_model(s3, bucket=environment.forecast_bucket, partition=name)
        except InputError as error:
            result = warning(f"model: partition {name}: {error}")
        else:
            result = check_model(cast("ModelFacts", vars(model)), reads=reads)
        found.setdefault(result.verdict, []).append(result)
    return [_with_count(same) for same in found.values()]


def _with_count(same: list[CheckResult]) -> CheckResult:
    first, more = same[0], len(same) - 1
    return CheckResult(first.verdict, f"{first.line} (and {more:,} more partitions alike)") if more else first
