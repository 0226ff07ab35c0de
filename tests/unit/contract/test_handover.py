from dataclasses import asdict

import pytest

from contract.s3.handover import HandedPiece, HandoverContents

PIECE = HandedPiece(number=7, series=3, bytes=100, sha256="0" * 64)


def test_a_piece_and_its_forecasts_share_a_number() -> None:
    assert (PIECE.name, PIECE.part) == ("piece-00007", "part-00007.parquet")


def test_contents_are_read_from_a_document_that_holds_more() -> None:
    document = {"schema_version": 2, "pieces": [{**asdict(PIECE), "more": 1}], "shared_bytes": 5}
    assert HandoverContents.of(document) == HandoverContents(pieces=(PIECE,), shared_bytes=5)


def test_a_document_without_pieces_is_none() -> None:
    with pytest.raises(KeyError, match="pieces"):
        HandoverContents.of({"shared_bytes": 5})
