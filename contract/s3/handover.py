"""The fields of a handover document that programs other than the fleet read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contract.s3.handover_keys import chunk_name
from contract.s3.keys import part_name


@dataclass(frozen=True, kw_only=True)
class ArchivedChunk:
    """One chunk of a handover, archived in S3.

    Attributes:
        number: Number of the chunk and of the file with its forecasts.
        series: Number of series.
        bytes: Size of the archive.
        sha256: Checksum of the archive, hexadecimal.
    """

    number: int
    series: int
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """Name that the archive and all markers of the chunk share."""
        return chunk_name(self.number)

    @property
    def part(self) -> str:
        """Name of the file with its forecasts."""
        return part_name(self.number)


@dataclass(frozen=True, kw_only=True)
class HandoverContents:
    """The fields of a handover document that programs other than the fleet read.

    Attributes:
        chunks: The chunks, which contain all demand of the run.
        shared_bytes: Size of the objects that every instance reads in addition to its chunks.
    """

    chunks: tuple[ArchivedChunk, ...]
    shared_bytes: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read the fields from the parsed document.

        Raises:
            KeyError: If a field is missing.
        """
        chunks = (
            ArchivedChunk(number=each["number"], series=each["series"], bytes=each["bytes"], sha256=each["sha256"])
            for each in document["chunks"]
        )
        return cls(chunks=tuple(chunks), shared_bytes=document["shared_bytes"])
