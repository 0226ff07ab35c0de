"""Whether the account may run any of the machines."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from contract.environments.before_job import JobMachine
from contract.quotas import processing_quota, training_quota
from lambdas.shared.quotas import quota_values, unusable_last_choice

from .findings import Finding, fine, note, unknown, wrong

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

# Of a state that stops nothing where it cannot look.
MAX_SECONDS = 45


def check_quotas(
    quotas: "ServiceQuotasClient", machines: Sequence[JobMachine], fleet_types: Sequence[str] = ()
) -> list[Finding]:
    """Looks up the quotas; one machine that may run is enough, as the next is tried where one may not.

    Args:
        quotas: A Service Quotas client.
        machines: What a job may run on, in order of preference.
        fleet_types: What a fleet may run on, where the run has one: its training would else be paid for in vain.
    """
    training = [_tried(machine.instance_type, spot=machine.spot) for machine in machines]
    processing = [(instance_type, processing_quota(instance_type)) for instance_type in fleet_types]
    names = {name for _, name in (*training, *processing)}
    values = quota_values(quotas, names, most_seconds=MAX_SECONDS)
    both = (("training_job.instance_types", training), ("fleet.instance_types", processing))
    return [_finding(tried, values, key) for key, tried in both if tried]


def _tried(instance_type: str, *, spot: bool) -> tuple[str, str]:
    return instance_type, training_quota(instance_type, spot=spot)


def _finding(tried: Sequence[tuple[str, str]], found: Mapping[str, float], key: str) -> Finding:
    wanted = sorted({name for _, name in tried})
    values = {name: found[name] for name in wanted if name in found}
    shown = ", ".join(f"{value:g} {name}" for name, value in values.items())
    if any(value >= 1 for value in values.values()):
        in_vain = unusable_last_choice(tried, values, key=key)
        return fine(f"quota: {shown}") if in_vain is None else note(f"quota: {in_vain}")
    if missing := [name for name in wanted if name not in values]:
        return unknown(f"quota: Service Quotas did not tell {', '.join(missing)}")
    return wrong(
        f"quota: this account has {shown}; ask for at least 1 of one of them in Service Quotas, Amazon SageMaker"
    )
