"""Converts the fields of a dataclass to environment variables and back."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

_CODEC = "codec"


class MissingVariableError(Exception):
    """A function lacks an environment variable. The message is one line that names both."""


@dataclass(frozen=True, kw_only=True)
class _Codec:
    """Conversion of a field to environment variables and back.

    Attributes:
        names: Returns the names of the field's variables, from the field's name.
        write: Returns the variables, from the field's name and value.
        read: Returns the value, from the field's name and the variables.
        optional: Whether the field is None if all its variables are missing.
    """

    names: Callable[[str], list[str]]
    write: Callable[[str, Any], dict[str, str]]
    read: Callable[[str, Mapping[str, str]], Any]
    optional: bool = False


def as_text(*, parse: Callable[[str], Any], write: Callable[[Any], str] = str) -> dict[str, _Codec]:
    """Return the metadata of a field that one variable holds as text.

    Args:
        parse: Converts the text to the value.
        write: Converts the value to the text.
    """
    return {
        _CODEC: _Codec(
            names=lambda name: [name.upper()],
            write=lambda name, value: {name.upper(): write(value)},
            read=lambda name, variables: parse(variables[name.upper()]),
        )
    }


def as_json(parse: Callable[[Any], Any] = lambda content: content) -> dict[str, _Codec]:
    """Return the metadata of a field that one variable holds as JSON.

    Args:
        parse: Converts the parsed JSON to the value.
    """
    return as_text(parse=lambda text: parse(json.loads(text)), write=_json)


def as_group(group: type["Variables"]) -> dict[str, _Codec]:
    """Return the metadata of a field that several variables hold together. Without them the field is None.

    Args:
        group: The dataclass of the variables.
    """
    return {
        _CODEC: _Codec(
            names=lambda _: group.names(),
            write=lambda _, value: {} if value is None else value.to_environment(),
            read=lambda _, variables: group.from_variables(variables),
            optional=True,
        )
    }


def tuple_or_none(content: list[str] | None) -> tuple[str, ...] | None:
    """Return a list from parsed JSON as a tuple; None for null."""
    return None if content is None else tuple(content)


@dataclass(frozen=True, kw_only=True)
class Variables:
    """A dataclass whose fields are environment variables, named like the fields in capitals."""

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of all variables, including those of optional fields."""
        return [each for field in dataclasses.fields(cls) for each in _codec(field).names(field.name)]

    @classmethod
    def from_variables(cls, variables: Mapping[str, str], *, owner: str = "") -> Self:
        """Read the fields from environment variables.

        Args:
            variables: The environment variables.
            owner: Name of the function, for the error.

        Raises:
            MissingVariableError: If a variable is missing.
        """
        values: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            codec = _codec(field)
            missing = [name for name in codec.names(field.name) if name not in variables]
            if codec.optional and len(missing) == len(codec.names(field.name)):
                values[field.name] = None
            elif missing:
                raise MissingVariableError(f"the function {owner} lacks its environment variable {missing[0]}")
            else:
                values[field.name] = codec.read(field.name, variables)
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """Return the fields as environment variables."""
        written: dict[str, str] = {}
        for field in dataclasses.fields(self):
            written |= _codec(field).write(field.name, getattr(self, field.name))
        return written


@dataclass(frozen=True, kw_only=True)
class FunctionEnvironment(Variables):
    """Base of the functions' environments.

    Attributes:
        FUNCTION: Name of the function. With underscores for dashes it is the folder's name in `lambdas/`.
        deployment: Name of the deployment.
    """

    FUNCTION: ClassVar[str]

    deployment: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Read the function's environment variables.

        Args:
            variables: `os.environ`.

        Raises:
            MissingVariableError: If a variable is missing.
        """
        return cls.from_variables(variables, owner=cls.FUNCTION)


def _json(value: object) -> str:
    return json.dumps(value, default=dataclasses.asdict)


_TEXT = as_text(parse=str)[_CODEC]


def _codec(field: "dataclasses.Field[Any]") -> _Codec:
    codec: _Codec = field.metadata.get(_CODEC, _TEXT)
    return codec
