"""Whether the account may run any of the machines."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.client import BaseClient

from .findings import Finding, fine, unknown, wrong

# Of a state that stops nothing where it cannot look.
MOST_SECONDS = 45


def quota_name(machine: Mapping[str, Any]) -> str:
    """As Service Quotas calls how many of a machine's type may train at the same time."""
    return f"{machine['instance_type']} for {'spot ' if machine['spot'] else ''}training job usage"


def check_quotas(quotas: BaseClient, machines: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Looks up the quotas; one machine that may run is enough, as the next is tried where one may not.

    Args:
        quotas: A Service Quotas client.
        machines: Each with `instance_type` and `spot`, in order of preference.
    """
    wanted = {quota_name(machine) for machine in machines}
    values: dict[str, float] = {}
    until = time.monotonic() + MOST_SECONDS
    # There are thousands of them, and no way to ask for one by its name.
    for page in quotas.get_paginator("list_service_quotas").paginate(
        ServiceCode="sagemaker", PaginationConfig={"PageSize": 100}
    ):
        values |= {quota["QuotaName"]: quota["Value"] for quota in page["Quotas"] if quota["QuotaName"] in wanted}
        if values.keys() == wanted or time.monotonic() > until:
            break
    shown = ", ".join(f"{values[name]:g} {name}" for name in sorted(values))
    if any(value >= 1 for value in values.values()):
        return [fine(f"quota: {shown}")]
    if values.keys() != wanted:
        return [unknown(f"quota: Service Quotas did not tell {', '.join(sorted(wanted - values.keys()))}")]
    return [
        wrong(f"quota: this account has {shown}; ask for at least 1 of one of them in Service Quotas, Amazon SageMaker")
    ]
