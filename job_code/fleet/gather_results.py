"""The end of a fleet's work: waits for all chunks, whoever has them, then finishes the run or says what is missing."""

import json
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contract.error_codes import ErrorCode
from contract.s3.handover import ArchivedChunk
from contract.s3.handover_keys import name_of
from contract.s3.manifest import Manifest
from job_code.artifacts.draft_run import Forecasts, Inference
from job_code.artifacts.finalize_run import finish
from job_code.errors import JobError, OutOfMemoryError
from job_code.fleet.handover_document import Handover
from job_code.fleet.instance import Instance
from job_code.forecasting.forecast_files import ForecastFile
from job_code.runtime.output_store import put_json
from job_code.runtime.s3_prefix import S3Prefix
from job_code.tables.validation_report import plural

SECONDS_BETWEEN_LOOKS = 2.0
READS_AT_A_TIME = 16
SHOWN = 3
MESSAGE = 600  # characters for the reasons: SageMaker shows a kilobyte


class ChunksFailedError(JobError):
    """Some chunks could not be forecast, and all others are."""

    code = ErrorCode.CHUNKS_FAILED


@dataclass(frozen=True)
class _Reason:
    code: ErrorCode
    words: str


def mark_instance_done(handover: Handover, instance: Instance, *, host: str) -> None:
    """Note that a machine has done what it could.

    Args:
        handover: The run.
        instance: This machine.
        host: Its name.
    """
    put_json({"host": host}, handover.keys.instance_marker(instance.job_name, host), instance.output, instance.scratch)


def await_instances(
    handover: Handover, instance: Instance, *, others: Collection[str], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until every other machine has done what it could; should one be lost, SageMaker ends this one too.

    Args:
        handover: The run.
        instance: This machine.
        others: Names of the other machines.
        sleep: Waits between two looks.

    Raises:
        OutOfMemoryError: If memory ran out for one of the chunks that could not be forecast.
        ChunksFailedError: If others could not be forecast; how many, the first of them, and why.
    """
    store, job_name = instance.store, instance.job_name
    wanted = {chunk.name for chunk in handover.chunks}
    with instance.progress.stage("wait for the others") as advance:
        while True:
            ended = _noted(store, handover.keys.instances_of(job_name))
            if ended >= set(others):
                break
            advance(len(ended) / len(others))
            sleep(SECONDS_BETWEEN_LOOKS)
    # Whoever has noted its end has noted everything else before.
    missing = sorted(wanted - _noted(store, handover.keys.completed))
    if missing:
        reasons = _reasons(missing, handover, store, job_name)
        words = [reason.words for reason in reasons]
        message = _what_is_missing(words, len(wanted), handover, instance)
        if any(reason.code is ErrorCode.OUT_OF_MEMORY for reason in reasons):
            raise OutOfMemoryError(message)
        raise ChunksFailedError(message)


def _reasons(missing: Sequence[str], handover: Handover, store: S3Prefix, job_name: str) -> list[_Reason]:
    def of(name: str) -> _Reason:
        return _reason(store, handover.keys.failure_marker(job_name, name))

    with ThreadPoolExecutor(READS_AT_A_TIME) as reads:
        return list(reads.map(of, missing))


def _what_is_missing(reasons: Sequence[str], wanted: int, handover: Handover, instance: Instance) -> str:
    """Name the first chunks and why they are missing; all of them stand in a file that the line ends with."""
    every = handover.keys.failure_summary(instance.job_name)
    put_json({"chunks": wanted, "missing": len(reasons), "reasons": reasons}, every, instance.output, instance.scratch)
    shown = reasons[:SHOWN]
    longest = MESSAGE // len(shown)
    told = "; ".join(each if len(each) <= longest else f"{each[: longest - 3]}..." for each in shown)
    more = f"; and {len(reasons) - SHOWN:,} more, in {instance.store.uri(every)}" if len(reasons) > SHOWN else ""
    return f"{len(reasons):,} of {plural(wanted, 'chunk')} could not be forecast: {told}{more}"


def _reason(store: S3Prefix, name: str) -> _Reason:
    """As it was noted; of an chunk that was given to no machine, nobody has."""
    if name not in store.names(name):
        return _Reason(ErrorCode.HANDOVER_UNUSABLE, f"{name_of(name)}: no machine was given it")
    noted = _read(store, name)
    return _Reason(ErrorCode(noted["code"]), noted["reason"])


def gather_results(handover: Handover, store: S3Prefix, *, instances: int, cores: int) -> Forecasts:
    """Read what all chunks came to.

    Args:
        handover: The run.
        store: Where the notes are.
        instances: Machines of the fleet.
        cores: Of each.
    """

    def of(chunk: ArchivedChunk) -> dict[str, Any]:
        return _read(store, handover.keys.completed_marker(chunk.name))

    with ThreadPoolExecutor(READS_AT_A_TIME) as reads:
        notes = list(reads.map(of, handover.chunks))
    horizon = handover.draft.manifest["horizon"]
    total = np.zeros(horizon)
    for note in notes:  # in the order that the single job adds them up in
        total += np.array(note["total"])
    series = sum(chunk.series for chunk in handover.chunks)
    core_seconds = sum(float(note["seconds"]) for note in notes)
    return Forecasts(
        files=[ForecastFile(**note["file"]) for note in notes],
        total=total,
        inference=Inference.of(series, core_seconds, instances=instances, cores=instances * cores),
    )


def finish_run(
    handover: Handover, instance: Instance, *, published: Path | None, instances: int, cores: int
) -> Manifest:
    """Write what makes the forecasts a run.

    Args:
        handover: The run.
        instance: This machine.
        published: Manifest of the last published run.
        instances: Machines of the fleet.
        cores: Of each.

    Returns:
        The manifest.
    """
    with instance.progress.stage("gather"):
        forecasts = gather_results(handover, instance.store, instances=instances, cores=cores)
    return finish(
        handover.draft,
        forecasts,
        published=published,
        output=instance.output,
        progress=instance.progress,
        folder=instance.scratch,
    )


def _noted(store: S3Prefix, under: str) -> set[str]:
    return {name_of(name) for name in store.names(under)}


def _read(store: S3Prefix, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(store.read(name))
    return content
