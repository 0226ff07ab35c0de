"""Plan the fleet for a handover: the work that is left, and the number of instances."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from contract.environments.before_job import PlanFleetEnvironment
from contract.function_errors import IncompleteRun
from contract.s3.handover import HandoverContents
from contract.s3.handover_keys import HandoverKeys, name_of
from contract.s3.keys import RunKeys
from contract.state.run_state import FleetPlanText, FleetState, RunState
from lambdas.shared.clients import PATIENCE, clients
from lambdas.shared.logs import log_invocation
from lambdas.shared.registry_record import Run, add_details
from lambdas.shared.registry_table import RECENT_RUNS, RunTable
from lambdas.shared.s3_objects import is_there

from .fleet import DEFAULT_RATE, InstanceSpec, Rate, Work
from .instance_types import cores_of
from .quotas import first_that_may_run, notes_of_quotas, quotas_of
from .sizing import FleetPlan, size_fleet

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_client = clients(PATIENCE)


@log_invocation
def handler(event: RunState, _context: object) -> FleetState:
    """Handle the state PlanFleet."""
    environment = PlanFleetEnvironment.from_environment(os.environ)
    table, partition = RunTable(_client("dynamodb"), environment.table), event["plan"]["partition"]
    runs = table.recent(partition, RECENT_RUNS)
    quotas = quotas_of(_client("service-quotas"), environment.instance_types)
    # From here on, a later execution can resume this handover, even if this execution fails.
    known = {"handover_job": event["job"]["name"]}
    execution = event["execution"]["id"]
    table.change(partition, event["claim"]["cutoff"], lambda run: add_details(run, execution, known))
    return plan_fleet(event, environment=environment, runs=runs, quotas=quotas, s3=_client("s3"))


def plan_fleet(
    state: RunState,
    *,
    environment: PlanFleetEnvironment,
    runs: Sequence[Run],
    quotas: Mapping[str, int],
    s3: "S3Client",
) -> FleetState:
    """Plan one fleet.

    Args:
        state: Data of the state machine: `plan`, and the `job` that handed over. `fleet_instances` of the plan is None
            for the number that meets the deadline.
        environment: Settings of the environment.
        runs: Earlier runs, latest first, for the throughput of a core.
        quotas: Known quotas: number of concurrent instances per type.
        s3: An S3 client.

    Returns:
        Input of the next states: the prefixes of `chunks`, `shared` and `model`, and the number of instances
        `instances_of_0` of the first type, `instances_of_1` of the second, and so on. For people, the plan for the
        first usable type: `words`, `instances`, `notes`, `seconds` and `cost_usd`.

    Raises:
        IncompleteRun: If there is no handover, or chunks that are left to forecast are missing.
    """
    plan, run_id = state["plan"], state["job"]["name"]
    partition = plan["partition"]
    keys = HandoverKeys(partition=partition, run_id=run_id)
    work = _work(keys, bucket=environment.forecast_bucket, s3=s3)
    sized = [
        _size_type(
            each, work, environment=environment, runs=runs, quota=quotas.get(each), asked=plan["fleet_instances"]
        )
        for each in environment.instance_types
    ]
    first = first_that_may_run(environment.instance_types, quotas)
    rate = measured_rate(runs, environment.instance_types[first])
    own = RunKeys(partition=partition, run_id=run_id).models
    model = plan["model"]["prefix"] if plan["model"] else own
    planned: FleetState = {
        "chunks": f"s3://{environment.forecast_bucket}/{keys.chunks}",
        "shared": f"s3://{environment.forecast_bucket}/{keys.shared}",
        "model": f"s3://{environment.forecast_bucket}/{model}",
        "series": work.series,
        "chunk_count": work.chunks,
        "rate": rate.series_per_second_per_core,
        "rate_is_from": rate.source,
        **_for_people(sized[first], notes_of_quotas(environment.instance_types, quotas)),
    }
    # The state machine knows the number of types and reads one key for each.
    counts = {f"instances_of_{of}": each.instances for of, each in enumerate(sized)}
    return cast("FleetState", {**planned, **counts})


def _size_type(
    instance_type: str,
    work: Work,
    *,
    environment: PlanFleetEnvironment,
    runs: Sequence[Run],
    quota: int | None,
    asked: int | None,
) -> FleetPlan:
    price = environment.hourly_prices.get(instance_type)
    instance = InstanceSpec(instance_type, cores_of(instance_type), price, environment.volume_gb)
    return size_fleet(
        work,
        instance,
        measured_rate(runs, instance_type),
        instances=asked,
        deadline_seconds=environment.deadline_seconds,
        quota=quota,
    )


def measured_rate(runs: Iterable[Run], instance_type: str) -> Rate:
    """Return the throughput of a core in the latest published run that has one, preferably on the same instance type.

    Args:
        runs: Runs, latest first.
        instance_type: SageMaker's name of the type.
    """
    rates = []
    for run in runs:
        details = run.published_attempt.details if run.published_attempt is not None else {}
        value = (details.get("inference") or {}).get("series_per_second_per_core")
        if value:
            used = (details.get("fleet") or details.get("job") or {}).get("instance_type")
            rates.append(
                (used == instance_type, Rate(float(value), measured=True, source=f"the run from {run.cutoff}"))
            )
    # The latest run on the same type, otherwise the latest of all.
    return max(rates, key=lambda each: each[0])[1] if rates else DEFAULT_RATE


def _work(keys: HandoverKeys, *, bucket: str, s3: "S3Client") -> Work:
    # From the list: an error while reading is temporary, so it must not discard the handover.
    if not is_there(s3, bucket=bucket, key=keys.document):
        raise IncompleteRun(
            f"s3://{bucket}/{keys.document} is missing: the job left no handover, or the handover has expired"
        )
    contents = HandoverContents.of(json.loads(s3.get_object(Bucket=bucket, Key=keys.document)["Body"].read()))
    done, there = (_names(s3, bucket, prefix) for prefix in (keys.completed, keys.chunks))
    left = {chunk.name: chunk for chunk in contents.chunks if chunk.name not in done}
    # The fleet's first instance would wait for these chunks until SageMaker stops it.
    if gone := sorted(left.keys() - there):
        raise IncompleteRun(
            f"s3://{bucket}/{keys.chunk_archive(gone[0])} and its forecasts are missing: {len(gone):,} of "
            f"{len(left):,} chunks have expired or were deleted; start a new run"
        )
    return Work(
        series=sum(chunk.series for chunk in left.values()),
        chunks=len(left),
        bytes=sum(chunk.bytes for chunk in contents.chunks),
        shared_bytes=contents.shared_bytes,
        done=len(contents.chunks) - len(left),
    )


def _names(s3: "S3Client", bucket: str, prefix: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {name_of(item["Key"]) for page in pages for item in page.get("Contents", ())}


def _for_people(sized: FleetPlan, of_quotas: Sequence[str]) -> FleetPlanText:
    return {
        "instance_type": sized.instance_type,
        "instances": sized.instances,
        "seconds": round(sized.seconds),
        "cost_usd": None if sized.cost_usd is None else round(sized.cost_usd, 4),
        "keeps_deadline": sized.keeps_deadline,
        "words": sized.words,
        "notes": [*of_quotas, *sized.notes],
    }
