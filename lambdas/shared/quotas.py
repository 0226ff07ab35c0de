"""Service Quotas of SageMaker: their values by name, which the service does not offer, and what an empty one means."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient


def quota_values(quotas: "ServiceQuotasClient", wanted: Collection[str], *, most_seconds: float) -> dict[str, float]:
    """The values of SageMaker's quotas.

    Args:
        quotas: A Service Quotas client.
        wanted: Their names, e.g. `ml.m5.xlarge for training job usage`.
        most_seconds: After which the search is given up.

    Returns:
        By name, those that were found.
    """
    values: dict[str, float] = {}
    until = time.monotonic() + most_seconds
    # There are thousands of them, and no way to ask for one by its name.
    for page in quotas.get_paginator("list_service_quotas").paginate(
        ServiceCode="sagemaker", PaginationConfig={"PageSize": 100}
    ):
        values |= {quota["QuotaName"]: quota["Value"] for quota in page["Quotas"] if quota["QuotaName"] in wanted}
        if values.keys() == set(wanted) or time.monotonic() > until:
            break
    return values


def unusable_last_choice(tried: Sequence[tuple[str, str]], quotas: Mapping[str, float], *, key: str) -> str | None:
    """Tells that the last is waited for in vain, though what comes before it may run, and what to do about it.

    The state machine is made before anybody knows the quotas, and an error says that one is used up, not that there is
    none: so the last is waited for in any case.

    Args:
        tried: Instance type and name of the quota of each that a job may run on, in order of preference.
        quotas: By name, as far as they are known.
        key: Where the types stand in the environment's file.

    Returns:
        None where no job would wait so.
    """
    worth = list(tried)
    while worth and quotas.get(worth[-1][1], 1) < 1:
        worth.pop()
    if not worth or len(worth) == len(tried):
        return None
    last_type, last_quota = tried[-1]
    types = list(dict.fromkeys(instance_type for instance_type, _ in worth))
    # Spare capacity and what is on demand are of one type, with a quota each.
    order = "" if last_type in types else f"write {key} = {json.dumps(types)}, or "
    return (
        f"0 {last_quota}: where what comes before it is used up, a job waits for hours for it, in vain; "
        f"{order}ask for at least 1 in Service Quotas, Amazon SageMaker"
    )
