"""Whether the account may run any of the machines."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from botocore.client import BaseClient

from lambdas.account_quotas.lookup import processing_quota, quota_values

from .findings import Finding, fine, unknown, wrong

# Of a state that stops nothing where it cannot look.
MOST_SECONDS = 45


def quota_name(machine: Mapping[str, Any]) -> str:
    """As Service Quotas calls how many of a machine's type may train at the same time."""
    return f"{machine['instance_type']} for {'spot ' if machine['spot'] else ''}training job usage"


def check_quotas(
    quotas: BaseClient, machines: Sequence[Mapping[str, Any]], fleet_types: Sequence[str] = ()
) -> list[Finding]:
    """Looks up the quotas; one machine that may run is enough, as the next is tried where one may not.

    Args:
        quotas: A Service Quotas client.
        machines: Each with `instance_type` and `spot`, in order of preference.
        fleet_types: What a fleet may run on, where the run has one: its training would else be paid for in vain.
    """
    training = {quota_name(machine) for machine in machines}
    processing = {processing_quota(instance_type) for instance_type in fleet_types}
    values = quota_values(quotas, training | processing, most_seconds=MOST_SECONDS)
    return [_finding(wanted, values) for wanted in (training, processing) if wanted]


def _finding(wanted: Collection[str], found: Mapping[str, float]) -> Finding:
    values = {name: found[name] for name in sorted(wanted) if name in found}
    shown = ", ".join(f"{value:g} {name}" for name, value in values.items())
    if any(value >= 1 for value in values.values()):
        return fine(f"quota: {shown}")
    if missing := sorted(set(wanted) - values.keys()):
        return unknown(f"quota: Service Quotas did not tell {', '.join(missing)}")
    return wrong(
        f"quota: this account has {shown}; ask for at least 1 of one of them in Service Quotas, Amazon SageMaker"
    )
