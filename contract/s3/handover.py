"""What a training job hands over to a fleet, as far as others than the fleet read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from contract.s3.handover_keys import piece_name
from contract.s3.keys import part_name


@dataclass(frozen=True, kw_only=True)
class HandedPiece:
    """One object.

    Attributes:
        number: Of the piece, and of the file with its forecasts.
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
        """What the object and everything about it is called."""
        return piece_name(self.number)

    @property
    def part(self) -> str:
        """The file with its forecasts."""
        return part_name(self.number)


@dataclass(frozen=True, kw_only=True)
class HandoverContents:
    """What others than the fleet read of the document.

    Attributes:
        pieces: All demand of the run.
        shared_bytes: Size of what all machines read beside them.
    """

    pieces: tuple[HandedPiece, ...]
    shared_bytes: int

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Reads them from the document, JSON."""
        pieces = (
            HandedPiece(number=each["number"], series=each["series"], bytes=each["bytes"], sha256=each["sha256"])
            for each in document["pieces"]
        )
        return cls(pieces=tuple(pieces), shared_bytes=document["shared_bytes"])
