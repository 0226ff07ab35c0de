"""Checks a request against the service's own model: names, types, required members, lengths, patterns, enumerations."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "float": (int, float),
    "double": (int, float),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


@cache
def _operation(service: str, operation: str) -> OperationModel:
    return botocore.session.Session().get_service_model(service).operation_model(operation)


def request_shape(service: str, operation: str) -> StructureShape:
    """Return the model of a request, e.g. of ("sagemaker", "CreateTrainingJob")."""
    shape = _operation(service, operation).input_shape
    assert isinstance(shape, StructureShape)
    return shape


def response_shape(service: str, operation: str) -> StructureShape:
    """Return the model of the response to a request."""
    shape = _operation(service, operation).output_shape
    assert isinstance(shape, StructureShape)
    return shape


def find_errors(value: Any, shape: Shape, path: str = "") -> Iterator[str]:  # noqa: ANN401
    """Yield the errors in `value`, worded as the services word them."""
    expected = _PYTHON_TYPES.get(shape.type_name)
    if expected and (not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected)):
        yield f"The value for the field '{path.rpartition('.')[2]}' must be {_article(shape.type_name)}"
    elif isinstance(shape, StructureShape):
        yield from _structure_errors(value, shape, path)
    else:
        yield from _broken_constraints(value, shape, path)
        yield from _member_errors(value, shape, path)


def _structure_errors(value: dict[str, Any], shape: StructureShape, path: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"The field '{name}' is required but was missing"
    for name, member in value.items():
        if name in shape.members:
            yield from find_errors(member, shape.members[name], f"{path}.{name}".lstrip("."))
        else:
            yield f"The field '{name}' is not supported"


def _member_errors(value: Any, shape: Shape, path: str) -> Iterator[str]:  # noqa: ANN401
    if isinstance(shape, ListShape):
        for index, member in enumerate(value):
            yield from find_errors(member, shape.member, f"{path}.{index + 1}.member")
    elif isinstance(shape, MapShape):
        for name, member in value.items():
            yield from find_errors(name, shape.key, f"{path}.{name}.key")
            yield from find_errors(member, shape.value, f"{path}.{name}")


def _broken_constraints(value: Any, shape: Shape, path: str) -> Iterator[str]:  # noqa: ANN401
    size = value if isinstance(value, (int, float)) else len(value)
    measure = "value" if isinstance(value, (int, float)) else "length"
    constraints: dict[str, Any] = shape.metadata
    intro = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    if "min" in constraints and size < constraints["min"]:
        yield f"{intro} have {measure} greater than or equal to {constraints['min']}"
    if "max" in constraints and size > constraints["max"]:
        yield f"{intro} have {measure} less than or equal to {constraints['max']}"
    if "enum" in constraints and value not in constraints["enum"]:
        yield f"{intro} satisfy enum value set: {constraints['enum']}"
    if "pattern" in constraints and isinstance(value, str) and not _matches(constraints["pattern"], value):
        yield f"{intro} satisfy regular expression pattern: {constraints['pattern']}"


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    except re.error:
        return True  # a few patterns use syntax that only Java's regular expressions have


def _article(type_name: str) -> str:
    name = {"structure": "JSON OBJECT", "map": "JSON OBJECT", "list": "JSON ARRAY"}.get(type_name, type_name.upper())
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"
