"""The number of concurrent runs that the account's quotas allow."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contract.quotas import processing_quota
from lambdas.shared.quotas import quota_values

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

# A quota that cannot be read stops nothing.
MAX_SECONDS = 45


def allowed_concurrency(
    quotas: "ServiceQuotasClient",
    training_quotas: Sequence[str],
    fleet_types: Sequence[str] = (),
    *,
    instances: int | None = None,
) -> int | None:
    """Return the largest number of concurrent runs that the quotas allow, in any stage of the runs.

    Args:
        quotas: A Service Quotas client.
        training_quotas: Quotas of the training job's choices. If one is used up, the state machine tries the next.
        fleet_types: Instance types of the fleet, in the same way; empty without a fleet.
        instances: Number of each fleet's instances; None if PlanFleet will decide it, which counts as 1.

    Returns:
        The number, which may be 0; None if no quota is known.
    """
    fleets = [processing_quota(each) for each in fleet_types]
    try:
        values = quota_values(quotas, {*training_quotas, *fleets}, most_seconds=MAX_SECONDS)
    except (ClientError, BotoCoreError):
        return None
    allowed = []
    if values.keys() >= set(training_quotas):
        allowed.append(sum(int(values[name]) for name in training_quotas))
    if fleets and values.keys() >= set(fleets):
        # A fleet has only one type, so the remainders of two quotas do not add up to a fleet.
        allowed.append(sum(_fleets(int(values[name]), instances or 1) for name in fleets))
    return min(allowed, default=None)


def _fleets(quota: int, instances: int) -> int:
    """Return the number of fleets within a quota. PlanFleet reduces a larger fleet to the quota."""
    return quota // min(instances, quota) if quota else 0
