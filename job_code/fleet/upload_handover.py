"""Hands a run over to a fleet, once its model is there: uploads its demand in chunks, several at a time."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract.s3.handover import ArchivedChunk
from contract.s3.handover_keys import HandoverKeys, archive_name, chunk_name
from contract.s3.keys import MANIFEST
from job_code.artifacts.draft_run import Draft
from job_code.demand.run_context import RunContext
from job_code.fleet.chunk_archives import pack
from job_code.fleet.handover_document import Handover
from job_code.preparation.prepare import PreparedDemand
from job_code.training.trained_model import TrainedModel

UPLOADS_AT_A_TIME = 8


def hand_over(draft: Draft, demand: PreparedDemand, model: TrainedModel, context: RunContext) -> Handover:
    """Put everything where the fleet finds it, the document that speaks of all the rest last.

    Args:
        draft: The run as far as it goes.
        demand: Its chunks; they are deleted one by one.
        model: What to forecast with; the fleet finds it where runs keep their models.
        context: The run.
    """
    output, progress, folder, published = context.output, context.progress, context.scratch, context.request.published
    keys = HandoverKeys(partition=draft.manifest["partition"], run_id=draft.manifest["run_id"])

    def put(numbered: tuple[int, Path, int]) -> ArchivedChunk:
        number, chunk, series = numbered
        name = chunk_name(number)
        packed = folder / archive_name(name)
        sha256 = pack(chunk, packed)
        shutil.rmtree(chunk)
        handed = ArchivedChunk(number=number, series=series, bytes=packed.stat().st_size, sha256=sha256)
        output.put(packed, keys.chunk_archive(name))
        return handed

    with progress.stage("hand over") as advance:
        shared, shared_bytes = {}, 0
        for table in demand.covariates.tables:
            if table.folder is not None:
                packed = folder / archive_name(table.folder.name)
                shared[table.folder.name] = pack(table.folder, packed)
                shared_bytes += packed.stat().st_size
                output.put(packed, keys.shared_archive(table.folder.name))
        if published is not None:
            copy = folder / MANIFEST
            shutil.copyfile(published / MANIFEST if published.is_dir() else published, copy)
            output.put(copy, keys.published_manifest)
        numbered = [(number, chunk.folder, chunk.series) for number, chunk in enumerate(demand.chunks)]
        chunks = []
        with ThreadPoolExecutor(UPLOADS_AT_A_TIME) as uploads:
            for handed in uploads.map(put, numbered):
                chunks.append(handed)
                advance(len(chunks) / len(numbered))
    so_far = Draft(draft.manifest, draft.charts, {**draft.seconds, **progress.seconds})
    handover = Handover(
        chunks=tuple(chunks),
        model_sha256=model.sha256,
        last_period=demand.last_period,
        covariates=demand.covariates,
        shared=shared,
        shared_bytes=shared_bytes,
        draft=so_far,
    )
    document = folder / Path(keys.document).name
    handover.write(document)
    output.put(document, keys.document)
    return handover
