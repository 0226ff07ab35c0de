"""How many machines of each type the account may run, and what the operator should know of it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from contract.quotas import processing_quota
from lambdas.shared.quotas import quota_values, unusable_last_choice

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

# A quota that cannot be looked up stops nothing.
MAX_SECONDS = 30


def quotas_of(client: "ServiceQuotasClient", instance_types: Sequence[str]) -> dict[str, int]:
    """Machines of each type that the account may run at a time, as far as that can be looked up.

    Args:
        client: Of Service Quotas.
        instance_types: SageMaker's names of them.
    """
    names = {processing_quota(each): each for each in instance_types}
    try:
        values = quota_values(client, names, most_seconds=MAX_SECONDS)
    except (ClientError, BotoCoreError):
        return {}
    return {names[name]: int(value) for name, value in values.items()}


def first_that_may_run(instance_types: Sequence[str], quotas: Mapping[str, int]) -> int:
    """Place of the first type that may run, as a type that may not is refused at once; 0 if none may."""
    return next((place for place, each in enumerate(instance_types) if quotas.get(each) != 0), 0)


def notes_of_quotas(instance_types: Sequence[str], quotas: Mapping[str, int]) -> list[str]:
    """Which types are passed over, and whether the last is waited for in vain.

    The latter is told by Preflight, too; but a run that takes an earlier one's work over does not come by it.
    """
    first = first_that_may_run(instance_types, quotas)
    tried = [(each, processing_quota(each)) for each in instance_types]
    known = {processing_quota(each): quota for each, quota in quotas.items()}
    in_vain = unusable_last_choice(tried, known, key="fleet.instance_types")
    passed_over = [f"{each} is passed over: its quota is 0" for each in instance_types[:first]]
    return [*passed_over, *([] if in_vain is None else [in_vain])]
