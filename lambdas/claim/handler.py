"""Claims a run in the registry, so that two executions of the same run publish once."""

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
from lambdas.shared.logs import logged
from lambdas.shared.registry_claim import LeaseRequest, claim
from lambdas.shared.registry_record import UNRESOLVED_CUTOFF, LeaseDenied, Run, close_attempt, move_attempt
from lambdas.shared.registry_table import RunTable

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_client = clients()


@dataclass(frozen=True)
class Registry:
    """Where runs are registered, and who can tell whether an execution still runs.

    Attributes:
        table: The runs.
        workflows: A Step Functions client.
        lease_seconds: No execution lives longer.
    """

    table: RunTable
    workflows: "SFNClient"
    lease_seconds: int


@logged
def handler(event: RunState, _context: object) -> ClaimResult:
    """Answers the state machine's Claim and ClaimCutoff states; the latter comes with a checked `run`."""
    environment = ClaimEnvironment.from_environment(os.environ)
    table = RunTable(_client("dynamodb"), environment.table)
    registry = Registry(table, _client("stepfunctions"), environment.lease_seconds)
    now = datetime.now(UTC)
    if "run" in event:
        return claim_cutoff(event, registry=registry, now=now)
    return claim_run(event, registry=registry, now=now)


def claim_run(state: RunState, *, registry: Registry, now: datetime) -> ClaimResult:
    """Claims what was planned.

    Args:
        state: The state machine's data: `execution` and `plan`.
        registry: Where to claim it.
        now: When.

    Returns:
        `claimed`, the `cutoff` it is registered under, and what an earlier attempt has `handed_over`, if one has; where
        another has the run, who, as `subject` and `message`.
    """
    plan, request = state["plan"], _lease_request(state, registry, now)
    cutoff = plan["cutoff"] or UNRESOLVED_CUTOFF
    # Which run `latest` will be is not known yet. The newest one there is may well be it.
    newest = next(iter(registry.table.recent(plan["partition"], 1)), None) if cutoff == UNRESOLVED_CUTOFF else None
    if newest is not None:
        refused = _claimed(newest.cutoff, plan["partition"], request, registry, only_ask=True)
        if isinstance(refused, LeaseDenied):
            return _not_claimed(refused, plan["partition"])
    outcome = _claimed(cutoff, plan["partition"], request, registry)
    if isinstance(outcome, LeaseDenied):
        return _not_claimed(outcome, plan["partition"])
    mine: ClaimResult = {"claimed": True, "cutoff": cutoff, "attempt": outcome.last.number if outcome.last else 0}
    handed_over = None if request.force else outcome.reusable_handover(request.fingerprint)
    return mine if handed_over is None else {**mine, "handover_job": handed_over}


def claim_cutoff(state: RunState, *, registry: Registry, now: datetime) -> ClaimResult:
    """Claims the run of a checked job under its true cutoff, where it was not known before; else renews the lease.

    Args:
        state: The state machine's data: `execution`, `plan`, `run`, and `claim` where there was one.
        registry: Where to claim it.
        now: When.

    Raises:
        PublishFailed: If a run that was asked for by name is another execution's at the moment.
    """
    run, before = state["run"], state["claim"]["cutoff"] if "claim" in state else None
    partition, cutoff = run["partition"], run["cutoff"]
    request = replace(_lease_request(state, registry, now), mode=_mode(run, otherwise=state["plan"]["mode"]))
    if "publish" in state["plan"]:  # somebody has looked at it
        request = replace(request, force=True)
    outcome = _claimed(cutoff, partition, request, registry)
    if "publish" in state["plan"] and isinstance(outcome, LeaseDenied):
        told = _not_claimed(outcome, partition)["message"]
        raise PublishFailed(f"{run['run_id']} was not published. {told}")
    if before == UNRESOLVED_CUTOFF:
        kept = {"run_id": run["run_id"], "summary": f"its cutoff {cutoff} had another execution"}

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
        # As all times of the registry are written, so that they can be compared as text.
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
    """How a run was made, told by whose model it has: the plan of one that is only published does not know."""
    model = run["model"]
    if model is None:  # runs made before models were kept
        return otherwise
    return "train" if model["run_id"] == run["run_id"] else "infer"


def _claimed(
    cutoff: str, partition: str, request: LeaseRequest, registry: Registry, *, only_ask: bool = False
) -> Run | LeaseDenied:
    """Claims a run; a refusal stands only if the execution that has it still runs."""

    def attempt(given: LeaseRequest) -> Run | LeaseDenied:
        def step(run: Run) -> Run | LeaseDenied:
            outcome = claim(run, given)
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
    which = f"the run of partition {partition} from {refusal.cutoff}"
    if refusal.cutoff == UNRESOLVED_CUTOFF:
        which = f"a run of partition {partition} from its latest period"
    if refusal.reason == "running":
        told = f"Execution {name} has had {which} since {attempt.started_at}; there is nothing to do for this one."
    else:
        told = (
            f"Execution {name} has published {which} already, as {attempt.details.get('run_id')}; to make it anew, "
            'start {"force": true} beside what else was given.'
        )
    if kept is not None:
        told += f" This execution's forecasts are kept as {kept}."
    return {
        "claimed": False,
        "reason": refusal.reason,
        "execution": attempt.execution,
        "run_id": attempt.details.get("run_id"),
        "cutoff": refusal.cutoff,
        "published": False,
        "message": told,
    }
