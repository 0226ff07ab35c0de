"""Describe the type, the default and the valid values of a setting in words."""

import types
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from infra.settings.field_types import TextForm

NAMES: dict[object, str] = {
    str: "text",
    bool: "true or false",
    int: "whole number",
    float: "number",
    date: "date",
    datetime: "time",
}
PLURALS: dict[object, str] = {str: "texts", int: "whole numbers", float: "numbers"}
UNITS: dict[object, str] = {str: " characters", tuple: " values", dict: " keys"}
UNIONS = (Union, types.UnionType)
# Attribute of each constraint that has its bound, and the words before the bound.
BOUNDS: dict[type, str] = {
    annotated_types.Ge: "ge",
    annotated_types.Gt: "gt",
    annotated_types.Le: "le",
    annotated_types.Lt: "lt",
    annotated_types.MinLen: "min_length",
    annotated_types.MaxLen: "max_length",
}
WORDS = {
    "ge": "at least",
    "gt": "greater than",
    "le": "at most",
    "lt": "less than",
    "min_length": "at least",
    "max_length": "at most",
}
REQUIRED = "required"
NONE = "none"


def type_words(annotation: object) -> str:
    """Return the type in words: `list of texts`.

    Args:
        annotation: Annotation of a field, with or without None.

    Raises:
        KeyError: If the words of the type are not defined here.
    """
    plain = _bare(annotation)
    origin = get_origin(plain)
    if origin is Literal:
        return "text"
    if origin in UNIONS:
        return " or ".join(type_words(part) for part in _present(plain))
    if origin is tuple:
        return f"list of {PLURALS[_bare(get_args(plain)[0])]}"
    if origin is dict:
        return f"table of {PLURALS[_bare(get_args(plain)[1])]}"
    return NAMES[plain]


def default_words(field: FieldInfo) -> str:
    """Return the default as TOML writes it; `required` or `none` if there is no value."""
    if field.is_required():
        return REQUIRED
    value = field.get_default(call_default_factory=True)
    return NONE if value is None else f"`{_toml(value)}`"


def rule_words(field: FieldInfo) -> str:
    """Return the valid values in words: `1 to 366`. It is empty if any value of the type is valid."""
    return "; ".join(_rules(field.annotation, field.metadata))


def _rules(annotation: object, metadata: Iterable[object]) -> Iterator[str]:
    constraints = list(metadata)
    while get_origin(annotation) is Annotated:
        annotation, *inner = get_args(annotation)
        constraints += inner
    origin = get_origin(annotation)
    unit = UNITS.get(annotation, UNITS.get(origin, ""))
    yield from _own_rules([each for one in constraints for each in getattr(one, "metadata", [one])], unit)
    if origin is Literal:
        *others, last = (f'`"{value}"`' for value in get_args(annotation))
        yield f"{', '.join(others)} or {last}" if others else last
    elif origin in UNIONS:
        yield from filter(None, [" or ".join(rule for part in _present(annotation) for rule in _rules(part, ()))])
    elif origin is tuple:
        yield from (f"each {rule}" for rule in _rules(get_args(annotation)[0], ()))
    elif origin is dict:
        for noun, part in zip(("key", "value"), get_args(annotation), strict=True):
            yield from (f"each {noun} {rule}" for rule in _rules(part, ()))


def _own_rules(constraints: list[object], unit: str) -> Iterator[str]:
    """Yield the rules of one type's constraints; of several forms of text only the last, which is the strictest."""
    forms = [form.meaning for one in constraints if (form := _form(one)) is not None]
    yield from forms[-1:]
    bounds = {BOUNDS[type(one)]: getattr(one, BOUNDS[type(one)]) for one in constraints if type(one) in BOUNDS}
    if bounds == {"min_length": 1}:
        yield "not empty"
    elif bounds.keys() == {"ge", "le"}:
        yield f"{bounds['ge']:,} to {bounds['le']:,}"
    elif bounds:
        yield ", ".join(f"{WORDS[name]} {bound:,}{unit}" for name, bound in bounds.items())


def _form(constraint: object) -> TextForm | None:
    validate = constraint.func if isinstance(constraint, AfterValidator) else None
    return validate if isinstance(validate, TextForm) else None


def _present(annotation: object) -> list[object]:
    return [part for part in get_args(annotation) if part is not types.NoneType]


def _bare(annotation: object) -> object:
    """Return the type without its constraints, and without None if it is the only alternative."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in UNIONS and len(_present(annotation)) == 1:
        return _bare(_present(annotation)[0])
    return annotation


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, int):
        return f"{value:_}" if value >= 10_000 else str(value)
    return str(value)
