"""Check whether the account's quotas allow any of the instance types."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from contract.environments.before_job import JobInstance
from contract.quotas import processing_quota, training_quota
from lambdas.shared.quotas import quota_values, unusable_last_choice

from .check_results import CheckResult, failed, ok, unknown, warning

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

# A quota that cannot be read stops nothing, so the check does not wait longer.
MAX_SECONDS = 45


def check_quotas(
    quotas: "ServiceQuotasClient", instances: Sequence[JobInstance], fleet_types: Sequence[str] = ()
) -> list[CheckResult]:
    """Check the quotas. One usable instance type is enough, because the state machine tries the next one.

    Args:
        quotas: A Service Quotas client.
        instances: Instance types that a job may use, in order of preference.
        fleet_types: Instance types that a fleet may use, if the run has one. Without a quota for the fleet, the
            training would cost money for nothing.
    """
    training = [_tried(instance.instance_type, spot=instance.spot) for instance in instances]
    processing = [(instance_type, processing_quota(instance_type)) for instance_type in fleet_types]
    names = {name for _, name in (*training, *processing)}
    values = quota_values(quotas, names, most_seconds=MAX_SECONDS)
    both = (("training_job.instance_types", training), ("fleet.instance_types", processing))
    return [_check_result(tried, values, key) for key, tried in both if tried]


def _tried(instance_type: str, *, spot: bool) -> tuple[str, str]:
    return instance_type, training_quota(instance_type, spot=spot)


def _check_result(tried: Sequence[tuple[str, str]], found: Mapping[str, float], key: str) -> CheckResult:
    wanted = sorted({name for _, name in tried})
    values = {name: found[name] for name in wanted if name in found}
    shown = ", ".join(f"{value:g} {name}" for name, value in values.items())
    if any(value >= 1 for value in values.values()):
        remark = unusable_last_choice(tried, values, key=key)
        return ok(f"quota: {shown}") if remark is None else warning(f"quota: {remark}")
    if missing := [name for name in wanted if name not in values]:
        return unknown(f"quota: Service Quotas did not return {', '.join(missing)}")
    return failed(
        f"quota: this account has {shown}; ask for at least 1 of one of them in Service Quotas, Amazon SageMaker"
    )
