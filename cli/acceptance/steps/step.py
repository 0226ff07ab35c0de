"""One step of the acceptance: what it expects of AWS, and the function that does it."""

from collections.abc import Callable
from dataclasses import dataclass

from cli.acceptance.trial import Trial


class UnexpectedError(Exception):
    """AWS did something else than the step expects. The message says what the step saw."""


def expect(condition: object, seen: str) -> None:
    """Fail the step if a condition is false.

    Args:
        condition: True if the step saw what it expects.
        seen: What the step saw instead.

    Raises:
        UnexpectedError: The condition is false.
    """
    if not condition:
        raise UnexpectedError(seen)


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step.

    Attributes:
        name: Name in the record, the report and `docs/beliefs.toml`.
        expects: What the step expects of AWS, as one sentence.
        perform: Does the step and returns what it saw. It may start again after an interruption.
        needs: Names of the steps that must have passed before.
        only_on_aws: Whether the local cloud has no such service, so that only AWS can settle the step.
    """

    name: str
    expects: str
    perform: Callable[[Trial], str]
    needs: tuple[str, ...] = ()
    only_on_aws: bool = False
