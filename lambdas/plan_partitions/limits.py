"""How many runs the account's quotas allow at a time."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contract.quotas import processing_quota
from lambdas.shared.quotas import quota_values

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

# A quota that cannot be looked up stops nothing.
MAX_SECONDS = 45


def allowed_at_a_time(
    quotas: "ServiceQuotasClient",
    machines: Sequence[str],
    fleet_types: Sequence[str] = (),
    *,
    instances: int | None = None,
) -> int | None:
    """The most runs whose jobs the quotas allow at the same time, whichever kind of job it is that each is at.

    Args:
        quotas: A Service Quotas client.
        machines: Quotas that a run's training job counts against, any of them: where one is used up, the next machine
            is tried.
        fleet_types: What its fleet may run on, likewise; none where there is none.
        instances: Of each fleet; None where that is found out as it starts, and at least one.

    Returns:
        None where neither is known. It may be none at all.
    """
    fleets = [processing_quota(each) for each in fleet_types]
    try:
        values = quota_values(quotas, {*machines, *fleets}, most_seconds=MAX_SECONDS)
    except (ClientError, BotoCoreError):
        return None
    allowed = []
    if values.keys() >= set(machines):
        allowed.append(sum(int(values[name]) for name in machines))
    if fleets and values.keys() >= set(fleets):
        # All of a fleet is of one type: what two types have left over makes none.
        allowed.append(sum(_fleets(int(values[name]), instances or 1) for name in fleets))
    return min(allowed, default=None)


def _fleets(quota: int, instances: int) -> int:
    """One that would be larger than the quota is made as small as that."""
    return quota // min(instances, quota) if quota else 0
