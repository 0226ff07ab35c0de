"""Whether the account may run any of the machines."""

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.client import BaseClient

from lambdas.account_quotas.lookup import quota_values

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
    values = quota_values(quotas, wanted, most_seconds=MOST_SECONDS)
    shown = ", ".join(f"{values[name]:g} {name}" for name in sorted(values))
    if any(value >= 1 for value in values.values()):
        return [fine(f"quota: {shown}")]
    if values.keys() != wanted:
        return [unknown(f"quota: Service Quotas did not tell {', '.join(sorted(wanted - values.keys()))}")]
    return [
        wrong(f"quota: this account has {shown}; ask for at least 1 of one of them in Service Quotas, Amazon SageMaker")
    ]
