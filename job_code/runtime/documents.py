"""JSON documents as typed dataclasses: one error says which field of a broken document is wrong."""

import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

Document = TypeVar("Document")


class BrokenDocumentError(Exception):
    """A document is no JSON, or a field of it is missing or wrong; the message names the field."""


def parse_document(kind: type[Document], text: str | bytes) -> Document:
    """Read a document.

    Args:
        kind: Its dataclass.
        text: The document, JSON.

    Raises:
        BrokenDocumentError: If it is none of that kind.
    """
    try:
        return TypeAdapter(kind).validate_json(text)
    except ValidationError as error:
        raise BrokenDocumentError(_first_problem(error)) from None


def document_as_text(document: object) -> str:
    """Give a dataclass as JSON text, which `parse_document` reads.

    Args:
        document: The dataclass.

    Raises:
        ValueError: If a number in it is not finite.
    """
    content = TypeAdapter(type(document)).dump_python(document, mode="json")
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _first_problem(error: ValidationError) -> str:
    first, *others = error.errors(include_url=False, include_context=False)
    where = ".".join(map(str, first["loc"]))
    problem = first["msg"].removeprefix("Value error, ")
    more = f" (and {len(others)} more)" if others else ""
    return f"{where}: {problem}{more}" if where else f"{problem}{more}"
