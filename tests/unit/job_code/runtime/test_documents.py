"""Documents survive a round trip, and an error in a document names the field."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from job_code.runtime.documents import BrokenDocumentError, document_as_text, parse_document


@dataclass(frozen=True, kw_only=True)
class Part:
    name: str
    shares: tuple[float | None, ...]


@dataclass(frozen=True, kw_only=True)
class Whole:
    day: date
    parts: tuple[Part, ...]
    counts: Mapping[str, int]
    rest: Mapping[str, Any]


WHOLE = Whole(
    day=date(2026, 11, 16),
    parts=(Part(name="größe", shares=(0.1, None, 2 / 3, 5e-324)),),
    counts={"b": 2, "a": 1},
    rest={"nested": [{"deep": None}]},
)
TEXT = document_as_text(WHOLE)


def test_a_document_survives_a_round_trip() -> None:
    again = parse_document(Whole, TEXT)
    assert again == WHOLE
    assert list(again.counts) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT.replace('"name"', '"names"'), "parts.0.name: Field required"),
        (TEXT.replace("0.1", '"much"'), "parts.0.shares.0: Input should be a valid number"),
        (TEXT.replace("2026-11-16", "2026-11-31"), "day: Input should be a valid date"),
        ("{}", "day: Field required (and 3 more)"),
        ("[1]", "Input should be"),
        (TEXT[:-3], "Invalid JSON: EOF"),
        (b"\x80\x04", "Invalid JSON: "),
    ],
)
def test_the_error_names_the_field(text: str | bytes, message: str) -> None:
    with pytest.raises(BrokenDocumentError) as error:
        parse_document(Whole, text)
    assert str(error.value).startswith(message)


def test_an_infinite_number_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        document_as_text(Part(name="endless", shares=(float("inf"),)))
