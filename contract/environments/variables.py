"""Writes the fields of a dataclass as environment variables, and reads them again."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

_CODEC = "codec"


class MissingVariableError(Exception):
    """A function lacks a variable of its environment; one line that names both."""


@dataclass(frozen=True, kw_only=True)
class _Codec:
    """How a field is written into variables.

    Attributes:
        names: Returns the variables that hold the field, by the field's name.
        write: Makes the variables of the field's name and value.
        read: Makes the value of the field's name and the variables.
        may_lack: Whether the field is None where none of its variables is there.
    """

    names: Callable[[str], list[str]]
    write: Callable[[str, Any], dict[str, str]]
    read: Callable[[str, Mapping[str, str]], Any]
    may_lack: bool = False


def as_text(*, parse: Callable[[str], Any], write: Callable[[Any], str] = str) -> dict[str, _Codec]:
    """Makes the metadata of a field that one variable holds in a form of its own.

    Args:
        parse: Makes the value of the text.
        write: Makes the text of the value.
    """
    return {
        _CODEC: _Codec(
            names=lambda name: [name.upper()],
            write=lambda name, value: {name.upper(): write(value)},
            read=lambda name, variables: parse(variables[name.upper()]),
        )
    }


def as_json(parse: Callable[[Any], Any] = lambda content: content) -> dict[str, _Codec]:
    """Makes the metadata of a field that one variable holds as JSON.

    Args:
        parse: Makes the value of the JSON's content.
    """
    return as_text(parse=lambda text: parse(json.loads(text)), write=_json)


def as_group(kind: type["Variables"]) -> dict[str, _Codec]:
    """Makes the metadata of a field that several variables hold together; it is None where none of them is there.

    Args:
        kind: The dataclass of the variables.
    """
    return {
        _CODEC: _Codec(
            names=lambda _: kind.names(),
            write=lambda _, value: {} if value is None else value.to_environment(),
            read=lambda _, variables: kind.from_variables(variables),
            may_lack=True,
        )
    }


def tuple_or_none(content: list[str] | None) -> tuple[str, ...] | None:
    """Makes a tuple of a list from JSON, and nothing of null."""
    return None if content is None else tuple(content)


@dataclass(frozen=True, kw_only=True)
class Variables:
    """Fields that are environment variables: each has its field's name, in capitals."""

    @classmethod
    def names(cls) -> list[str]:
        """Returns the names of all variables there may be."""
        return [each for field in dataclasses.fields(cls) for each in _codec(field).names(field.name)]

    @classmethod
    def from_variables(cls, variables: Mapping[str, str], *, owner: str = "") -> Self:
        """Reads the fields.

        Args:
            variables: The environment.
            owner: Function that has them, for the error.

        Raises:
            MissingVariableError: If a variable is not there.
        """
        values: dict[str, Any] = {}
        for field in dataclasses.fields(cls):
            codec = _codec(field)
            missing = [name for name in codec.names(field.name) if name not in variables]
            if codec.may_lack and len(missing) == len(codec.names(field.name)):
                values[field.name] = None
            elif missing:
                raise MissingVariableError(f"the function {owner} lacks its environment variable {missing[0]}")
            else:
                values[field.name] = codec.read(field.name, variables)
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """Writes the fields as environment variables."""
        written: dict[str, str] = {}
        for field in dataclasses.fields(self):
            written |= _codec(field).write(field.name, getattr(self, field.name))
        return written


@dataclass(frozen=True, kw_only=True)
class FunctionEnvironment(Variables):
    """What every function has.

    Attributes:
        FUNCTION: Name of the function; with underscores, that of its folder in `lambdas/`.
        deployment: Name of the deployment.
    """

    FUNCTION: ClassVar[str]

    deployment: str

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Self:
        """Reads the function's environment variables.

        Args:
            variables: `os.environ`.

        Raises:
            MissingVariableError: If one is not there.
        """
        return cls.from_variables(variables, owner=cls.FUNCTION)


def _json(value: object) -> str:
    return json.dumps(value, default=dataclasses.asdict)


_TEXT = as_text(parse=str)[_CODEC]


def _codec(field: "dataclasses.Field[Any]") -> _Codec:
    codec: _Codec = field.metadata.get(_CODEC, _TEXT)
    return codec
