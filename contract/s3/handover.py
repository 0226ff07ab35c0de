"""What a training job hands over to a fleet, as far as others than the fleet read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contract.s3.handover_keys import chunk_name
from contract.s3.keys import part_name


@dataclass(frozen=True, kw_only=True)
class ArchivedChunk:
    """One chunk.

    Attributes:
        number: Of the chunk, and of the file with its forecasts.
        series: How many it holds.
        bytes: Its size.
        sha256: Its checksum, hexadecimal.
    """

    number: int
    series: int
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        """What the chunk and everything about it is called."""
        return chunk_name(self.number)

    @property
    def part(self) -> str:
        """The file with its forecasts."""
        return part_name(self.number)


@dataclass(frozen=True, kw_only=True)
class HandoverContents:
    """What others than the fleet read of the document.

    Attributes:
        chunks: All demand of the run.
        shared_bytes: Size of what all machines read beside them.
    """

    chunks: tuple[ArchivedChunk, ...]
    shared_bytes: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Reads them from the document, JSON."""
        chunks = (
            ArchivedChunk(number=each["number"], series=each["series"], bytes=each["bytes"], sha256=each["sha256"])
            for each in document["chunks"]
        )
        return cls(chunks=tuple(chunks), shared_bytes=document["shared_bytes"])
