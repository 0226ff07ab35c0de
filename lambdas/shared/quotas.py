"""SageMaker's service quotas by name, and a warning about a quota of 0."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient


def quota_values(quotas: "ServiceQuotasClient", wanted: Collection[str], *, most_seconds: float) -> dict[str, float]:
    """Return the values of SageMaker's quotas.

    Args:
        quotas: A Service Quotas client.
        wanted: Names of the quotas, e.g. `ml.m5.xlarge for training job usage`.
        most_seconds: Time limit of the search, in seconds.

    Returns:
        The values that were found, by name.
    """
    values: dict[str, float] = {}
    until = time.monotonic() + most_seconds
    # SageMaker has thousands of quotas, and the service cannot filter them by name.
    for page in quotas.get_paginator("list_service_quotas").paginate(
        ServiceCode="sagemaker", PaginationConfig={"PageSize": 100}
    ):
        values |= {quota["QuotaName"]: quota["Value"] for quota in page["Quotas"] if quota["QuotaName"] in wanted}
        if values.keys() == set(wanted) or time.monotonic() > until:
            break
    return values


def unusable_last_choice(tried: Sequence[tuple[str, str]], quotas: Mapping[str, float], *, key: str) -> str | None:
    """Return a warning if the last choice has a quota of 0 but an earlier choice is usable.

    A job that finds all earlier choices busy waits for the last one. The state machine is built without knowledge of
    the quotas. SageMaker's error does not show whether a quota is used up or 0, so the job waits in both cases.

    Args:
        tried: Instance type and name of the quota of each choice, in order of preference.
        quotas: The known quotas, by name.
        key: Key of the types in the environment's file.

    Returns:
        The warning, with the fix; None if no job would wait for nothing.
    """
    worth = list(tried)
    while worth and quotas.get(worth[-1][1], 1) < 1:
        worth.pop()
    if not worth or len(worth) == len(tried):
        return None
    last_type, last_quota = tried[-1]
    types = list(dict.fromkeys(instance_type for instance_type, _ in worth))
    # Spot and on-demand capacity of one type have separate quotas.
    order = "" if last_type in types else f"set {key} = {json.dumps(types)}, or "
    return (
        f"the quota {last_quota} is 0, so a job waits for hours and then fails when the other choices are busy; "
        f"{order}request at least 1 in Service Quotas, Amazon SageMaker"
    )
