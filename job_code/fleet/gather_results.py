"""Wait for all instances of a fleet, then finalize the run or report the missing chunks."""

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
from job_code.artifacts.draft_run import Forecasts, InferenceThroughput
from job_code.artifacts.finalize_run import finalize_run
from job_code.errors import JobError, OutOfMemoryError
from job_code.fleet.handover_document import Handover
from job_code.fleet.instance import Instance
from job_code.forecasting.forecast_files import ForecastFile
from job_code.runtime.output_store import put_json
from job_code.runtime.s3_prefix import S3Prefix
from job_code.tables.validation_report import plural

SECONDS_BETWEEN_CHECKS = 2.0
READS_AT_A_TIME = 16
SHOWN = 3
MAX_REASONS = 600  # characters; SageMaker shows at most one kilobyte of a message


class ChunksFailedError(JobError):
    """Some chunks could not be forecast. All other chunks have forecasts."""

    code = ErrorCode.CHUNKS_FAILED


@dataclass(frozen=True)
class _Reason:
    code: ErrorCode
    text: str


def mark_instance_done(handover: Handover, instance: Instance, *, host: str) -> None:
    """Write the marker of an instance that has processed all its chunks.

    Args:
        handover: The handover of the run.
        instance: This instance.
        host: Its host name.
    """
    put_json({"host": host}, handover.keys.instance_marker(instance.job_name, host), instance.output, instance.scratch)


def await_instances(
    handover: Handover, instance: Instance, *, others: Collection[str], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Wait until every other instance has processed its chunks. If one is lost, SageMaker also ends this instance.

    Args:
        handover: The handover of the run.
        instance: This instance.
        others: Host names of the other instances.
        sleep: Waits between two checks.

    Raises:
        OutOfMemoryError: If some chunks have no forecasts, and memory ran out for at least one of them.
        ChunksFailedError: If some chunks have no forecasts for other reasons.
    """
    store, job_name = instance.store, instance.job_name
    wanted = {chunk.name for chunk in handover.chunks}
    with instance.progress.stage("wait for the others") as advance:
        while True:
            ended = _marked(store, handover.keys.instances_of(job_name))
            if ended >= set(others):
                break
            advance(len(ended) / len(others))
            sleep(SECONDS_BETWEEN_CHECKS)
    # An instance writes its own marker after all its chunk markers, so the chunk markers are complete here.
    missing = sorted(wanted - _marked(store, handover.keys.completed))
    if missing:
        reasons = _reasons(missing, handover, store, job_name)
        texts = [reason.text for reason in reasons]
        message = _missing_chunks_message(texts, len(wanted), handover, instance)
        if any(reason.code is ErrorCode.OUT_OF_MEMORY for reason in reasons):
            raise OutOfMemoryError(message)
        raise ChunksFailedError(message)


def _reasons(missing: Sequence[str], handover: Handover, store: S3Prefix, job_name: str) -> list[_Reason]:
    def of(name: str) -> _Reason:
        return _reason(store, handover.keys.failure_marker(job_name, name))

    with ThreadPoolExecutor(READS_AT_A_TIME) as reads:
        return list(reads.map(of, missing))


def _missing_chunks_message(reasons: Sequence[str], wanted: int, handover: Handover, instance: Instance) -> str:
    """Write all reasons to the failure summary, and return a message with the first reasons and the summary's URI."""
    summary = handover.keys.failure_summary(instance.job_name)
    content = {"chunks": wanted, "missing": len(reasons), "reasons": reasons}
    put_json(content, summary, instance.output, instance.scratch)
    shown = reasons[:SHOWN]
    longest = MAX_REASONS // len(shown)
    first = "; ".join(each if len(each) <= longest else f"{each[: longest - 3]}..." for each in shown)
    more = (
        f"; {len(reasons) - SHOWN:,} more are listed in {instance.store.uri(summary)}" if len(reasons) > SHOWN else ""
    )
    return f"{len(reasons):,} of {plural(wanted, 'chunk')} could not be forecast: {first}{more}"


def _reason(store: S3Prefix, name: str) -> _Reason:
    """Read the failure marker of a chunk. A chunk without a marker was not assigned to any instance."""
    if name not in store.names(name):
        return _Reason(ErrorCode.HANDOVER_UNUSABLE, f"{name_of(name)}: no instance received this chunk")
    marker = _read(store, name)
    return _Reason(ErrorCode(marker["code"]), marker["reason"])


def gather_results(handover: Handover, store: S3Prefix, *, instances: int, cores: int) -> Forecasts:
    """Read the completion markers of all chunks.

    Args:
        handover: The handover of the run.
        store: Store of the markers.
        instances: Number of instances of the fleet.
        cores: Number of cores of each instance.
    """

    def of(chunk: ArchivedChunk) -> dict[str, Any]:
        return _read(store, handover.keys.completed_marker(chunk.name))

    with ThreadPoolExecutor(READS_AT_A_TIME) as reads:
        markers = list(reads.map(of, handover.chunks))
    horizon = handover.draft.manifest["horizon"]
    total = np.zeros(horizon)
    for marker in markers:  # a single job adds in the same order, so the sums are identical
        total += np.array(marker["total"])
    series = sum(chunk.series for chunk in handover.chunks)
    core_seconds = sum(float(marker["seconds"]) for marker in markers)
    return Forecasts(
        files=[ForecastFile(**marker["file"]) for marker in markers],
        total=total,
        inference=InferenceThroughput.of(series, core_seconds, instances=instances, cores=instances * cores),
    )


def finish_run(
    handover: Handover, instance: Instance, *, published: Path | None, instances: int, cores: int
) -> Manifest:
    """Gather the results of all chunks and finalize the run.

    Args:
        handover: The handover of the run.
        instance: This instance.
        published: Manifest of the last published run; None without one.
        instances: Number of instances of the fleet.
        cores: Number of cores of each instance.

    Returns:
        The manifest.
    """
    with instance.progress.stage("gather"):
        forecasts = gather_results(handover, instance.store, instances=instances, cores=cores)
    return finalize_run(
        handover.draft,
        forecasts,
        published=published,
        output=instance.output,
        progress=instance.progress,
        folder=instance.scratch,
    )


def _marked(store: S3Prefix, under: str) -> set[str]:
    return {name_of(name) for name in store.names(under)}


def _read(store: S3Prefix, name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(store.read(name))
    return content
