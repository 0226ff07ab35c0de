"""Read and write JSON documents as typed dataclasses. One error names the field that is wrong."""

import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

Document = TypeVar("Document")


class BrokenDocumentError(Exception):
    """A document is not JSON, or one of its fields is missing or wrong. The message names the field."""


def parse_document(document_type: type[Document], text: str | bytes) -> Document:
    """Read a document.

    Args:
        document_type: Its dataclass.
        text: The document, JSON.

    Raises:
        BrokenDocumentError: If the text does not fit the dataclass.
    """
    try:
        return TypeAdapter(document_type).validate_json(text)
    except ValidationError as error:
        raise BrokenDocumentError(_first_problem(error)) from None


def document_as_text(document: object) -> str:
    """Return a dataclass as JSON text for `parse_document`.

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
