"""Looks quotas up by their names, which is not what the service offers."""

import time
from collections.abc import Collection

from botocore.client import BaseClient


def processing_quota(instance_type: str) -> str:
    """As Service Quotas calls how many of a type may work in processing jobs at the same time."""
    return f"{instance_type} for processing job usage"


def quota_values(quotas: BaseClient, wanted: Collection[str], *, most_seconds: float) -> dict[str, float]:
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
