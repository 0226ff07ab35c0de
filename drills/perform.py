"""Perform a drill and report the violated invariants."""

import io
import multiprocessing
import threading
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from botocore.exceptions import ClientError

from contract.partitions import WHOLE
from drills.environment import MAX_EXECUTION, DrillEnvironment, drill_environment
from drills.invariants import pointers, violations
from drills.readers import Readers
from drills.sequence import CUTOFF, QUICK, Drill, Start

SETTLE = 30.0  # most seconds for the functions that the end of an execution triggers


@dataclass(kw_only=True)
class Outcome:
    """The outcome of a drill.

    Attributes:
        drill: The drill.
        ends: Status and error of each execution.
        redrives: Number of redrives.
        published: Number of versions of the pointer.
        violations: Violated invariants.
        seconds: Duration of the drill.
    """

    drill: Drill
    ends: list[str] = field(default_factory=list)
    redrives: int = 0
    published: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0


def perform(drill: Drill, environment: DrillEnvironment, demand: bytes) -> Outcome:
    """Perform a drill on an empty application and check the invariants. A run without faults must then succeed."""
    started, outcome = time.monotonic(), Outcome(drill=drill)
    environment.reset()
    environment.upload(demand)
    executions: list[str] = []
    with Readers(environment) as readers:
        for fault in drill.faults:
            if fault.call is not None:
                environment.cloud.fail_calls(fault.call)
            if fault.job is not None:
                environment.cloud.fail_next_job(reason=fault.job)
        actions = []
        try:
            for start in drill.starts:
                if start.after is None:
                    environment.wait(executions)
                else:
                    time.sleep(start.after)
                if start.action == "abort" and start.action_at is not None:
                    environment.cloud.pause_at_state(start.action_at)
                elif start.action_at:
                    environment.cloud.pause_job_at(_end_of(start.action_at))
                executions.append(environment.start(start.execution_input))
                actions.append(threading.Thread(target=_act, args=(environment, start, executions[-1]), daemon=True))
                actions[-1].start()
            for action in actions:
                action.join()
            environment.wait(executions)
            environment.cloud.forget_faults()
            _settle(environment)
            descriptions = {execution: environment.describe(execution) for execution in executions}
            outcome.ends = [
                " ".join(filter(None, [each["status"], each.get("error")])) for each in descriptions.values()
            ]
            outcome.redrives = sum(each["redriveCount"] for each in descriptions.values())
            outcome.published = len(pointers(environment))
            outcome.violations += violations(environment, drill, descriptions)
            outcome.violations += _recovers(environment)
        except TimeoutError as error:
            outcome.violations.append(str(error))
    outcome.violations += readers.violations
    outcome.seconds = time.monotonic() - started
    return outcome


def _act(environment: DrillEnvironment, start: Start, execution: str) -> None:
    """Take the operator's action on an execution, and redrive the execution if it fails."""
    if start.action is not None:
        _await_moment(environment, start, execution)
        try:
            if start.action == "abort":
                environment.cloud.client("stepfunctions").stop_execution(executionArn=execution)
            else:
                for job in _running_jobs(environment):
                    if start.action == "kill the job":
                        environment.cloud.kill_job(job)
                    else:
                        environment.cloud.client("sagemaker").stop_training_job(TrainingJobName=job)
        except ClientError:
            pass  # the execution or job has ended, or a fault affects the call
        environment.cloud.resume_states()
        environment.cloud.resume_jobs()
    for _ in range(start.redrives):
        environment.wait([execution])
        if environment.describe(execution)["status"] == "SUCCEEDED":
            return
        environment.cloud.client("stepfunctions").redrive_execution(executionArn=execution)


def _await_moment(environment: DrillEnvironment, start: Start, execution: str) -> None:
    """Wait for the moment of the action, or for the end of the execution."""
    if start.action_at is None:
        time.sleep(start.action_after)
        return

    def is_reached() -> bool:
        if environment.describe(execution)["status"] != "RUNNING":
            return True
        if start.action == "abort":
            return start.action_at in environment.states(execution)
        stage = start.action_at or ""
        return any(not stage or _end_of(stage) in log for log in _running_logs(environment))

    environment.until(is_reached, MAX_EXECUTION, f"the execution did not reach {start.action_at}")


def _running_logs(environment: DrillEnvironment) -> list[str]:
    return [log.read_text() for job in _running_jobs(environment) for log in environment.cloud.job_logs(job)]


def _end_of(stage: str) -> str:
    """Return a part of the line that the job prints at the end of a stage."""
    return f'"stage": "{stage}", "seconds"'


def _running_jobs(environment: DrillEnvironment) -> list[str]:
    found = environment.cloud.client("sagemaker").list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]
    return [job["TrainingJobName"] for job in found]


def _settle(environment: DrillEnvironment) -> None:
    """Wait for the functions that the end of an execution triggers. The check reports attempts that stay open."""
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        if not any(attempt.is_open for run in environment.runs() for attempt in run.attempts):
            return
        time.sleep(0.2)


def _recovers(environment: DrillEnvironment) -> list[str]:
    """Check that the next run, without faults, succeeds and that its cutoff is published."""
    execution = environment.start({"cutoff": CUTOFF, "config": QUICK})
    environment.wait([execution])
    description = environment.describe(execution)
    if description["status"] != "SUCCEEDED":
        return [
            f"the next run, without faults, failed: {description.get('error')}: {str(description.get('cause'))[:300]}"
        ]
    _settle(environment)
    run = environment.registry.get(WHOLE, CUTOFF)
    return [] if run.published is not None else [f"the next run succeeded, but cutoff {CUTOFF} is not published"]


def perform_all(drills: list[Drill], assembly: Path, folder: Path, results: "multiprocessing.Queue[Outcome]") -> None:
    """Perform drills sequentially in a new local cloud. Each process of the command runs this function.

    Args:
        drills: The drills.
        assembly: The application's cloud assembly.
        folder: Folder of the local cloud.
        results: Queue for the outcomes.
    """
    with drill_environment(assembly, folder) as environment:
        for drill in drills:
            results.put(perform(drill, environment, small_demand()))


def small_demand() -> bytes:
    """Return demand as Parquet that the job forecasts in a second: 8 series of 80 weeks."""
    chance, last = np.random.default_rng(0), date(2026, 11, 16)
    rows = [
        (f"A{article}", f"M{merchant}", last - timedelta(weeks=week), float(chance.poisson(5 + 3 * article)))
        for article in range(4)
        for merchant in range(2)
        for week in range(80)
    ]
    content = io.BytesIO()
    pl.DataFrame(rows, schema=["article_id", "merchant_id", "ds", "y"], orient="row").write_parquet(content)
    return content.getvalue()
