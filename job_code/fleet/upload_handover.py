"""Upload the demand of a run in chunks, so that a fleet can forecast it."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract.s3.handover import ArchivedChunk
from contract.s3.handover_keys import HandoverKeys, archive_name, chunk_name
from contract.s3.keys import MANIFEST
from job_code.artifacts.draft_run import RunDraft
from job_code.demand.run_context import RunContext
from job_code.fleet.chunk_archives import pack
from job_code.fleet.handover_document import Handover
from job_code.preparation.prepare import PreparedDemand
from job_code.training.trained_model import TrainedModel

UPLOADS_AT_A_TIME = 8


def offload_to_fleet(draft: RunDraft, demand: PreparedDemand, model: TrainedModel, context: RunContext) -> Handover:
    """Upload all files of the handover. The document, which lists the others, is the last upload.

    Args:
        draft: The run before its forecasts.
        demand: The demand; each chunk is deleted after it is packed.
        model: The model to forecast with. The fleet reads it from the run's model prefix.
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
        archived = ArchivedChunk(number=number, series=series, bytes=packed.stat().st_size, sha256=sha256)
        output.put(packed, keys.chunk_archive(name))
        return archived

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
            for archived in uploads.map(put, numbered):
                chunks.append(archived)
                advance(len(chunks) / len(numbered))
    timed = RunDraft(draft.manifest, draft.charts, {**draft.seconds, **progress.seconds})
    handover = Handover(
        chunks=tuple(chunks),
        model_sha256=model.sha256,
        last_period=demand.last_period,
        covariates=demand.covariates,
        shared=shared,
        shared_bytes=shared_bytes,
        draft=timed,
    )
    document = folder / Path(keys.document).name
    handover.write(document)
    output.put(document, keys.document)
    return handover
