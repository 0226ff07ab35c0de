"""List the partitions of an execution, one item each, for the Map, and decide how many run at a time."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from contract.environments.all_partitions import PlanPartitionsEnvironment
from contract.function_errors import InputError
from contract.names import PARENT
from contract.partitions import NAME_RULE, is_name
from contract.s3.keys import DEMAND, partition_folder
from contract.s3.partition_keys import PartitionsKeys
from contract.state.partitions_state import PartitionItem, PartitionsPlan, PartitionsState
from contract.state.run_state import Execution
from lambdas.shared.clients import PATIENCE, clients
from lambdas.shared.execution_input import read_request, shown, unknown_key
from lambdas.shared.logs import log_invocation
from lambdas.shared.partitions import partition_names
from lambdas.shared.requested_run import asked_cutoff, asked_fleet

from .limits import allowed_concurrency

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_service_quotas import ServiceQuotasClient

# Keys of the input that apply to every run.
RUN_KEYS = ("config", "cutoff", "fleet", "force", "mode", "scheduled_time")
PARTITIONS_KEY = "partitions"
KNOWN_KEYS = (*RUN_KEYS, PARTITIONS_KEY)
# With the longest partition name, the hyphens and a counter, a name has at most Step Functions' 80 characters.
DIGEST = 8
RENAME = f"rename its folder ({NAME_RULE})"

_client = clients(PATIENCE)


@log_invocation
def handler(event: PartitionsState, _context: object) -> PartitionsPlan:
    """Handle the state PlanPartitions."""
    environment = PlanPartitionsEnvironment.from_environment(os.environ)
    quotas, s3 = _client("service-quotas"), _client("s3")
    return plan_partitions(event["execution"], environment=environment, quotas=quotas, s3=s3)


def plan_partitions(
    execution: Execution, *, environment: PlanPartitionsEnvironment, quotas: "ServiceQuotasClient", s3: "S3Client"
) -> PartitionsPlan:
    """Plan one execution. The list of runs is an object in S3, because a state's data cannot hold thousands of them.

    Args:
        execution: The execution's `id`, `name`, `started_at` (ISO) and `input`.
        environment: Settings of the environment.
        quotas: A Service Quotas client.
        s3: An S3 client.

    Returns:
        `items` (key of the list), `count`, `max_concurrency`, and `invalid_names` (key of the list, or None).

    Raises:
        InputError: If the input is invalid.
    """
    document = execution["input"]
    started_at = datetime.fromisoformat(execution["started_at"])
    fleet, instances = _checked(document, environment=environment, started_at=started_at)
    names = _names(document, partition_names(s3, environment.source), environment)
    keys = PartitionsKeys(execution=execution["name"])
    invalid_names = [name for name in names if not is_name(name)]
    if len(invalid_names) == len(names):
        raise InputError([f"input: no partition has a valid name, e.g. {shown(names[0])}; {RENAME}"])
    run_input = {key: value for key, value in document.items() if key != PARTITIONS_KEY} | {PARENT: execution["id"]}
    items: list[PartitionItem] = [
        {
            "partition": name,
            "name": execution_name(name, execution["id"]),
            "input": {**run_input, "partition": name},
            "outcome": keys.outcome(name),
        }
        for name in names
        if name not in invalid_names
    ]

    def put(content: object, key: str) -> str:
        body = json.dumps(content).encode()
        s3.put_object(Bucket=environment.forecast_bucket, Key=key, Body=body, ContentType="application/json")
        return key

    key = put(items, keys.items)
    fleet_types = environment.fleet_types if fleet else ()
    allowed = allowed_concurrency(quotas, environment.quotas, fleet_types, instances=instances)
    return {
        "items": key,
        "count": len(items),
        "max_concurrency": max(
            1, min(environment.max_concurrency, len(items), len(items) if allowed is None else allowed)
        ),
        "invalid_names": put(invalid_names, keys.invalid_names) if invalid_names else None,
    }


def execution_name(partition: str, parent: str) -> str:
    """Return the name of a partition's execution: unique per partition and parent. The Map appends a counter.

    Step Functions logs only executions whose names consist of letters, digits, `-` and `_`. A partition's name may
    also have `.`, so the digest includes the name.
    """
    digest = hashlib.sha256(f"{partition} {parent}".encode()).hexdigest()[:DIGEST]
    return f"{partition.replace('.', '_')}-{digest}"


def _checked(
    document: object, *, environment: PlanPartitionsEnvironment, started_at: datetime
) -> tuple[bool, int | None]:
    """Check the input once for all runs; return whether each has a fleet, and its number of instances."""
    if not isinstance(document, dict):
        problem = f'input: {shown(document)} is not an object; start with {{}} or {{"partitions": ["..."]}}'
        raise InputError([problem])
    # A state machine that starts this one may set PARENT.
    known = {*KNOWN_KEYS, PARENT}
    problems = [f"input: {unknown_key(key, KNOWN_KEYS)}" for key in document if key not in known]
    asked = document.get(PARTITIONS_KEY, ["all of them"])
    if not isinstance(asked, list) or not asked or not all(isinstance(name, str) for name in asked):
        problems.append('input: partitions is not a list of names; write {"partitions": ["..."]}')
    try:
        run_input = {key: value for key, value in document.items() if key in RUN_KEYS}
        request = read_request(run_input, config_keys=environment.base_config)
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
        raise InputError([f"input: no partition was found below {below}; upload demand there"])
    asked = set(document.get(PARTITIONS_KEY, known))
    missing = sorted(asked - set(known))
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise InputError([f"input: there is no partition {', '.join(map(_named, missing[:3]))}{more}"])
    return sorted(asked)


def _named(asked: str) -> str:
    """Return a requested name as it is if it is valid; otherwise as JSON, shortened to fit into a line."""
    return asked if is_name(asked) else shown(asked)
