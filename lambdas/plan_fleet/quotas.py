"""The account's quotas of a fleet's instance types, and warnings for the operator."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contract.quotas import processing_quota
from lambdas.shared.quotas import quota_values, unusable_last_choice

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

# A quota that cannot be read stops nothing.
MAX_SECONDS = 30


def quotas_of(client: "ServiceQuotasClient", instance_types: Sequence[str]) -> dict[str, int]:
    """Return the quotas that can be read: number of concurrent instances, by type.

    Args:
        client: A Service Quotas client.
        instance_types: SageMaker's names of the types.
    """
    names = {processing_quota(each): each for each in instance_types}
    try:
        values = quota_values(client, names, most_seconds=MAX_SECONDS)
    except (ClientError, BotoCoreError):
        return {}
    return {names[name]: int(value) for name, value in values.items()}


def first_that_may_run(instance_types: Sequence[str], quotas: Mapping[str, int]) -> int:
    """Return the index of the first type without a known quota of 0, or 0. SageMaker rejects a type with quota 0."""
    return next((place for place, each in enumerate(instance_types) if quotas.get(each) != 0), 0)


def notes_of_quotas(instance_types: Sequence[str], quotas: Mapping[str, int]) -> list[str]:
    """Return warnings about skipped types, and about a last type with quota 0 that jobs would wait for.

    Preflight gives the second warning too, but an execution that resumes a handover skips Preflight.
    """
    first = first_that_may_run(instance_types, quotas)
    tried = [(each, processing_quota(each)) for each in instance_types]
    known = {processing_quota(each): quota for each, quota in quotas.items()}
    warning = unusable_last_choice(tried, known, key="fleet.instance_types")
    skipped = [f"{each} is skipped, because its quota is 0" for each in instance_types[:first]]
    return [*skipped, *([] if warning is None else [warning])]
