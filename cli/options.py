"""Options that several commands share, and a decorator that turns a dataclass of options into a Typer command."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

from typer import Argument, Option

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Environment = Annotated[str, Option(metavar="NAME", help="Environment: a file in environments/, without .toml.")]
StaticPath = Annotated[Path | None, Option(metavar="PATH", help="Static features: one row for each series.")]
CovariatesPath = Annotated[
    Path | None, Option(metavar="PATH", help="Covariates, for example prices: one row for each key and period.")
]
Settings = Annotated[
    list[str],
    Option(metavar="KEY=VALUE", help="Set a configuration key for this run. Separate values by commas. Repeatable."),
]
CdkOptions = Annotated[
    list[str] | None,
    Argument(metavar="CDK_OPTION", help="Options for the CDK CLI, after two dashes, for example: -- --verbose"),
]

OptionsT = TypeVar("OptionsT", bound="DataclassInstance")


def takes(options: type[OptionsT]) -> Callable[[Callable[[OptionsT], int | None]], Callable[..., int | None]]:
    """Give a command one option for each field of a dataclass, and call the command with an instance of it.

    Typer reads options from the parameters of a function. A dataclass groups many options in one parameter.

    Args:
        options: Dataclass whose fields have the annotations of Typer parameters.
    """
    hints = get_type_hints(options, include_extras=True)
    parameters = [_parameter(field, hints[field.name]) for field in fields(options)]

    def decorate(command: Callable[[OptionsT], int | None]) -> Callable[..., int | None]:
        @functools.wraps(command)
        def run(**values: Any) -> int | None:  # noqa: ANN401 (the fields' types)
            return command(options(**values))

        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return decorate


def _parameter(field: Field[Any], annotation: object) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.default is MISSING else field.default
    if field.default_factory is not MISSING:
        default = field.default_factory()
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
