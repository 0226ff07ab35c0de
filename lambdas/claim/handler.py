"""Claim a run in the registry, so that two executions of the same run publish once."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from contract.environments.before_job import ClaimEnvironment
from contract.function_errors import PublishFailed
from contract.state.run_record import CheckedRun
from contract.state.run_state import ClaimResult, RunState
from lambdas.shared.clients import clients
from lambdas.shared.logs import log_invocation
from lambdas.shared.registry_claim import LeaseRequest, claim
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, LeaseDenied, Run, close_attempt, move_attempt
from lambdas.shared.registry_table import RunTable

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_client = clients()


@dataclass(frozen=True)
class Registry:
    """The run registry, and the service that knows whether an execution still runs.

    Attributes:
        table: The runs.
        workflows: A Step Functions client.
        lease_seconds: Duration of a lease, in seconds. No execution runs longer.
    """

    table: RunTable
    workflows: "SFNClient"
    lease_seconds: int


@log_invocation
def handler(event: RunState, _context: object) -> ClaimResult:
    """Handle the states Claim and ClaimCutoff. Only ClaimCutoff has a checked `run` in its input."""
    environment = ClaimEnvironment.from_environment(os.environ)
    table = RunTable(_client("dynamodb"), environment.table)
    registry = Registry(table, _client("stepfunctions"), environment.lease_seconds)
    now = datetime.now(UTC)
    if "run" in event:
        return claim_cutoff(event, registry=registry, now=now)
    return claim_run(event, registry=registry, now=now)


def claim_run(state: RunState, *, registry: Registry, now: datetime) -> ClaimResult:
    """Claim the planned run.

    Args:
        state: Data of the state machine: `execution` and `plan`.
        registry: Registry with the run.
        now: Current time.

    Returns:
        `claimed`, the `cutoff` in the registry and, if an earlier attempt left a reusable handover, its `handover_job`.
        If another execution has the run, its name and the reason instead, with a `message`.
    """
    plan, request = state["plan"], _lease_request(state, registry, now)
    cutoff = plan["cutoff"] or UNRESOLVED_CUTOFF
    # The cutoff is not known yet, and the newest registered run may have it. So check that run first.
    newest = next(iter(registry.table.recent(plan["partition"], 1)), None) if cutoff == UNRESOLVED_CUTOFF else None
    if newest is not None:
        refused = _claimed(newest.cutoff, plan["partition"], request, registry, only_ask=True)
        if isinstance(refused, LeaseDenied):
            return _not_claimed(refused, plan["partition"])
    outcome = _claimed(cutoff, plan["partition"], request, registry)
    if isinstance(outcome, LeaseDenied):
        return _not_claimed(outcome, plan["partition"])
    result: ClaimResult = {"claimed": True, "cutoff": cutoff, "attempt": outcome.last.number if outcome.last else 0}
    handover_job = None if request.force else outcome.reusable_handover(request.fingerprint)
    return result if handover_job is None else {**result, "handover_job": handover_job}


def claim_cutoff(state: RunState, *, registry: Registry, now: datetime) -> ClaimResult:
    """Claim a checked run under its true cutoff if the cutoff was unknown before; otherwise renew the lease.

    Args:
        state: Data of the state machine: `execution`, `plan`, `run`, and `claim` if there was one.
        registry: Registry with the run.
        now: Current time.

    Raises:
        PublishFailed: If a user asked to publish this run, but another execution is working on it.
    """
    run, before = state["run"], state["claim"]["cutoff"] if "claim" in state else None
    partition, cutoff = run["partition"], run["cutoff"]
    request = replace(_lease_request(state, registry, now), mode=_mode(run, otherwise=state["plan"]["mode"]))
    if "publish" in state["plan"]:  # a user has reviewed it
        request = replace(request, force=True)
    outcome = _claimed(cutoff, partition, request, registry)
    if "publish" in state["plan"] and isinstance(outcome, LeaseDenied):
        text = _not_claimed(outcome, partition)["message"]
        raise PublishFailed(f"{run['run_id']} was not published. {text}")
    if before == UNRESOLVED_CUTOFF:
        kept = {"run_id": run["run_id"], "summary": f"another execution has the run with cutoff {cutoff}"}

        def leave(latest: Run) -> Run:
            refused = isinstance(outcome, LeaseDenied)
            stays = (
                close_attempt(latest, request.execution, "superseded", now=request.now, details=kept)
                if refused
                else latest
            )
            return stays if refused else move_attempt(latest, request.execution)

        registry.table.change(partition, UNRESOLVED_CUTOFF, leave)
    if isinstance(outcome, LeaseDenied):
        return _not_claimed(outcome, partition, kept=run["run_id"])
    return {"claimed": True, "cutoff": cutoff, "attempt": outcome.last.number if outcome.last else 0}


def _lease_request(state: RunState, registry: Registry, now: datetime) -> LeaseRequest:
    plan = state["plan"]
    return LeaseRequest(
        execution=state["execution"]["id"],
        started_by=plan["started_by"],
        fingerprint=plan["fingerprint"],
        # In the same format as all times of the registry, so that they can be compared as text.
        execution_started_at=datetime.fromisoformat(state["execution"]["started_at"])
        .astimezone(UTC)
        .isoformat(timespec="seconds"),
        now=now.isoformat(timespec="seconds"),
        now_epoch=int(now.timestamp()),
        lease_seconds=registry.lease_seconds,
        force=plan["force"],
        mode=plan["mode"],
    )


def _mode(run: CheckedRun, *, otherwise: str) -> str:
    """Return how a run was made, from its model. The plan of a run that is only published does not have the mode."""
    model = run["model"]
    if model is None:  # runs made before manifests had models
        return otherwise
    return "train" if model["run_id"] == run["run_id"] else "infer"


def _claimed(
    cutoff: str, partition: str, request: LeaseRequest, registry: Registry, *, only_ask: bool = False
) -> Run | LeaseDenied:
    """Claim a run. A lease is denied only if the execution that holds it still runs."""

    def attempt(lease_request: LeaseRequest) -> Run | LeaseDenied:
        def step(run: Run) -> Run | LeaseDenied:
            outcome = claim(run, lease_request)
            return run if only_ask and isinstance(outcome, Run) else outcome

        return registry.table.change(partition, cutoff, step)

    outcome = attempt(request)
    if isinstance(outcome, LeaseDenied) and outcome.reason == "running":
        other = outcome.attempt.execution
        if not _runs(other, registry.workflows):
            return attempt(replace(request, ended_execution=other))
    return outcome


def _runs(execution: str, workflows: "SFNClient") -> bool:
    try:
        return bool(workflows.describe_execution(executionArn=execution)["status"] == "RUNNING")
    except ClientError as error:
        if error.response["Error"]["Code"] == "ExecutionDoesNotExist":
            return False
        raise


def _not_claimed(refusal: LeaseDenied, partition: str, *, kept: str | None = None) -> ClaimResult:
    attempt = refusal.attempt
    name = attempt.execution.rsplit(":", 1)[-1]
    which = f"the run of partition {partition} with cutoff {refusal.cutoff}"
    if refusal.cutoff == UNRESOLVED_CUTOFF:
        which = f"a run of partition {partition} from its latest period"
    if refusal.reason == "running":
        text = f"Execution {name} has been working on {which} since {attempt.started_at}. This one has nothing to do."
    else:
        text = (
            f"Execution {name} has already published {which} as {attempt.details.get('run_id')}. To repeat the run, "
            'start an execution with the same input and {"force": true}.'
        )
    if kept is not None:
        text += f" This execution's forecasts are kept as {kept}."
    return {
        "claimed": False,
        "reason": refusal.reason,
        "execution": attempt.execution,
        "run_id": attempt.details.get("run_id"),
        "cutoff": refusal.cutoff,
        "published": False,
        "message": text,
    }
