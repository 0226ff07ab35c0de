"""Lists the partitions that an execution is to run, one item each, where the Map reads them; and how many at a time."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contract.environments.all_partitions import PlanPartitionsEnvironment
from contract.function_errors import InputError
from contract.names import PARENT
from contract.partitions import NAME_IN_WORDS, is_name
from contract.s3.keys import DEMAND, partition_folder
from contract.s3.partition_keys import PartitionsKeys
from contract.state.partitions_state import PartitionItem, PartitionsPlan, PartitionsState
from contract.state.run_state import Execution
from lambdas.shared.clients import PATIENCE, clients
from lambdas.shared.execution_input import read_request, shown, unknown_key
from lambdas.shared.logs import logged
from lambdas.shared.partitions import partition_names
from lambdas.shared.requested_run import asked_cutoff, asked_fleet

from .limits import allowed_at_a_time

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_service_quotas import ServiceQuotasClient

# What one run takes, and all of them alike.
OF_A_RUN = ("config", "cutoff", "fleet", "force", "mode", "scheduled_time")
OWN = "partitions"
KNOWN_KEYS = (*OF_A_RUN, OWN)
# With the longest partition, its hyphens and the counter, a name has no more than Step Functions' 80 characters.
DIGEST = 8
RENAME = f"rename its folder: {NAME_IN_WORDS}"

_client = clients(PATIENCE)


@logged
def handler(event: PartitionsState, _context: object) -> PartitionsPlan:
    """Answers the state machine's PlanPartitions state."""
    environment = PlanPartitionsEnvironment.from_environment(os.environ)
    quotas, s3 = _client("service-quotas"), _client("s3")
    return plan_partitions(event["execution"], environment=environment, quotas=quotas, s3=s3)


def plan_partitions(
    execution: Execution, *, environment: PlanPartitionsEnvironment, quotas: "ServiceQuotasClient", s3: "S3Client"
) -> PartitionsPlan:
    """Plans one execution; what it runs is an object in S3, as a state's data holds no thousands of partitions.

    Args:
        execution: The execution's `id`, `name`, `started_at` (ISO) and `input`.
        environment: What the environment settles.
        quotas: A Service Quotas client.
        s3: An S3 client.

    Returns:
        `items` (key of the list), `count`, `max_concurrency`, and `unusable`: key of the list of invalid names, if there
        are any.

    Raises:
        InputError: If the input cannot be run.
    """
    document = execution["input"]
    started_at = datetime.fromisoformat(execution["started_at"])
    fleet, instances = _checked(document, environment=environment, started_at=started_at)
    names = _names(document, partition_names(s3, environment.source), environment)
    keys = PartitionsKeys(execution=execution["name"])
    unusable = [name for name in names if not is_name(name)]
    if len(unusable) == len(names):
        raise InputError([f"input: no partition has a name that can be used, e.g. {shown(names[0])}; {RENAME}"])
    of_each = {key: value for key, value in document.items() if key != OWN} | {PARENT: execution["id"]}
    items: list[PartitionItem] = [
        {
            "partition": name,
            "name": execution_name(name, execution["id"]),
            "input": {**of_each, "partition": name},
            "outcome": keys.outcome(name),
        }
        for name in names
        if name not in unusable
    ]

    def put(content: object, key: str) -> str:
        body = json.dumps(content).encode()
        s3.put_object(Bucket=environment.forecast_bucket, Key=key, Body=body, ContentType="application/json")
        return key

    key = put(items, keys.items)
    fleet_types = environment.fleet_types if fleet else ()
    allowed = allowed_at_a_time(quotas, environment.quotas, fleet_types, instances=instances)
    return {
        "items": key,
        "count": len(items),
        "max_concurrency": max(
            1, min(environment.max_concurrency, len(items), len(items) if allowed is None else allowed)
        ),
        "unusable": put(unusable, keys.unusable) if unusable else None,
    }


def execution_name(partition: str, parent: str) -> str:
    """The name of a partition's execution: its own, and this parent's; a counter is still to be added."""
    return f"{partition}-{hashlib.sha256(parent.encode()).hexdigest()[:DIGEST]}"


def _checked(
    document: object, *, environment: PlanPartitionsEnvironment, started_at: datetime
) -> tuple[bool, int | None]:
    """Whether each run has a fleet, and of how many machines; refuses once what every run would refuse."""
    if not isinstance(document, dict):
        told = f'input: {shown(document)} is not an object; start with {{}} or {{"partitions": ["..."]}}'
        raise InputError([told])
    # A state machine that starts this one may say so.
    known = {*KNOWN_KEYS, PARENT}
    problems = [f"input: {unknown_key(key, KNOWN_KEYS)}" for key in document if key not in known]
    asked = document.get(OWN, ["all of them"])
    if not isinstance(asked, list) or not asked or not all(isinstance(name, str) for name in asked):
        problems.append('input: partitions is no list of names; write {"partitions": ["..."]}')
    try:
        of_each = {key: value for key, value in document.items() if key in OF_A_RUN}
        request = read_request(of_each, config_keys=environment.base_config)
    except InputError as error:
        raise InputError([*problems, *error.problems]) from None
    if problems:
        raise InputError(problems)
    asked_cutoff(
        request,
        config={**environment.base_config, **request.overrides},
        time_zone=environment.time_zone,
        period_label=environment.period_label,
        started_at=started_at,
    )
    return asked_fleet(request, environment.fleet)


def _names(document: Mapping[str, Any], known: Sequence[str], environment: PlanPartitionsEnvironment) -> list[str]:
    if not known:
        below = f"s3://{environment.data_bucket}/{DEMAND}{partition_folder('...')}"
        raise InputError([f"input: there is no partition below {below}"])
    asked = set(document.get(OWN, known))
    missing = sorted(asked - set(known))
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError([f"input: there is no partition {', '.join(map(_named, missing[:3]))}{more}"])
    return sorted(asked)


def _named(asked: str) -> str:
    """Whatever somebody may have written for a name, as far as it fits into a line."""
    return asked if is_name(asked) else shown(asked)
