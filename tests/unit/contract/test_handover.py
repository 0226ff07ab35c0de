from dataclasses import asdict

import pytest

from contract.s3.handover import ArchivedChunk, HandoverContents

CHUNK = ArchivedChunk(number=7, series=3, bytes=100, sha256="0" * 64)


def test_a_chunk_and_its_forecasts_share_a_number() -> None:
    assert (CHUNK.name, CHUNK.part) == ("chunk-00007", "part-00007.parquet")


def test_contents_ignore_unknown_fields_of_the_document() -> None:
    document = {"schema_version": 2, "chunks": [{**asdict(CHUNK), "more": 1}], "shared_bytes": 5}
    assert HandoverContents.of(document) == HandoverContents(chunks=(CHUNK,), shared_bytes=5)


def test_a_document_without_chunks_is_an_error() -> None:
    with pytest.raises(KeyError, match="chunks"):
        HandoverContents.of({"shared_bytes": 5})
