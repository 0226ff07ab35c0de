"""Performs one drill and says what did not hold."""

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

from contract.log_lines import fields
from contract.partitions import WHOLE
from drills.invariants import broken, pointers
from drills.readers import Readers
from drills.sequence import CUTOFF, QUICK, Drill, Start
from drills.stage import MAX_EXECUTION, Stage, stage

SETTLE = 30.0  # seconds until what the ends of executions set off has been done


@dataclass(kw_only=True)
class Outcome:
    """What came of a drill.

    Attributes:
        drill: The drill.
        ends: How its executions ended.
        redrives: How often executions were redriven.
        published: How many runs readers were pointed to.
        broken: What did not hold.
        seconds: How long it took.
    """

    drill: Drill
    ends: list[str] = field(default_factory=list)
    redrives: int = 0
    published: int = 0
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0


def perform(drill: Drill, stage: Stage, demand: bytes) -> Outcome:
    """Performs a drill on an empty stage, and looks at what is left of it; then a run without faults must succeed."""
    begun, outcome = time.monotonic(), Outcome(drill=drill)
    stage.reset()
    stage.upload(demand)
    executions: list[str] = []
    with Readers(stage) as readers:
        for fault in drill.faults:
            if fault.call is not None:
                stage.cloud.fail_calls(fault.call)
            if fault.job is not None:
                stage.cloud.fail_next_job(reason=fault.job)
        deeds = []
        try:
            for start in drill.starts:
                if start.after is None:
                    stage.wait(executions)
                else:
                    time.sleep(start.after)
                if start.deed == "abort" and start.deed_at is not None:
                    stage.cloud.hold_state(start.deed_at)
                executions.append(stage.start(start.given))
                deeds.append(threading.Thread(target=_act, args=(stage, start, executions[-1]), daemon=True))
                deeds[-1].start()
            for deed in deeds:
                deed.join()
            stage.wait(executions)
            stage.cloud.forget_faults()
            _settle(stage)
            described = {execution: stage.described(execution) for execution in executions}
            outcome.ends = [" ".join(filter(None, [each["status"], each.get("error")])) for each in described.values()]
            outcome.redrives = sum(each["redriveCount"] for each in described.values())
            outcome.published = len(pointers(stage))
            outcome.broken += broken(stage, drill, described)
            outcome.broken += _recovers(stage)
        except TimeoutError as error:
            outcome.broken.append(str(error))
    outcome.broken += readers.saw
    outcome.seconds = time.monotonic() - begun
    return outcome


def _act(stage: Stage, start: Start, execution: str) -> None:
    """What somebody does to an execution, and redrives should it fail."""
    if start.deed is not None:
        _await_moment(stage, start, execution)
        try:
            if start.deed == "abort":
                stage.cloud.client("stepfunctions").stop_execution(executionArn=execution)
            else:
                for job in _running_jobs(stage):
                    if start.deed == "kill the job":
                        stage.cloud.kill_job(job)
                    else:
                        stage.cloud.client("sagemaker").stop_training_job(TrainingJobName=job)
        except ClientError:
            pass  # it had ended, or the call was hit by a fault
        stage.cloud.release_states()
    for _ in range(start.redrives):
        stage.wait([execution])
        if stage.described(execution)["status"] == "SUCCEEDED":
            return
        stage.cloud.client("stepfunctions").redrive_execution(executionArn=execution)


def _await_moment(stage: Stage, start: Start, execution: str) -> None:
    """Until somebody does something to an execution; one that ends before has nothing done to it."""
    if start.deed_at is None:
        time.sleep(start.deed_after)
        return

    def has_come() -> bool:
        if stage.described(execution)["status"] != "RUNNING":
            return True
        if start.deed == "abort":
            return start.deed_at in stage.states(execution)
        logs = _running_logs(stage)
        return any(not start.deed_at or start.deed_at in _stages_in(log) for log in logs)

    stage.until(has_come, MAX_EXECUTION, f"{start.deed_at} did not come")


def _running_logs(stage: Stage) -> list[str]:
    return [log.read_text() for job in _running_jobs(stage) for log in stage.cloud.job_logs(job)]


def _stages_in(log: str) -> set[object]:
    return {fields(line).get("stage") for line in log.splitlines()}


def _running_jobs(stage: Stage) -> list[str]:
    found = stage.cloud.client("sagemaker").list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]
    return [job["TrainingJobName"] for job in found]


def _settle(stage: Stage) -> None:
    """Waits for the functions that hear of executions' ends; what they leave open is for the check to find."""
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        if not any(attempt.is_open for run in stage.runs() for attempt in run.attempts):
            return
        time.sleep(0.2)


def _recovers(stage: Stage) -> list[str]:
    """Once nothing goes wrong any more, the next run ends well, and readers see its cutoff."""
    execution = stage.start({"cutoff": CUTOFF, "config": QUICK})
    stage.wait([execution])
    described = stage.described(execution)
    if described["status"] != "SUCCEEDED":
        return [f"without faults, the next run failed: {described.get('error')}: {described.get('cause', '')[:300]}"]
    _settle(stage)
    run = stage.registry.get(WHOLE, CUTOFF)
    return [] if run.published is not None else [f"the next run ended well, and cutoff {CUTOFF} is not published"]


def perform_all(drills: list[Drill], assembly: Path, folder: Path, results: "multiprocessing.Queue[Outcome]") -> None:
    """Performs one drill after the other in a cloud of its own: what one of several processes does.

    Args:
        drills: What to perform.
        assembly: The synthesised application.
        folder: Of the cloud.
        results: Takes the outcomes as they come.
    """
    with stage(assembly, folder) as place:
        for drill in drills:
            results.put(perform(drill, place, small_demand()))


def small_demand() -> bytes:
    """Demand, as Parquet, that is forecast in a second: a few articles, two years of weeks."""
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
