"""A stack that moto cannot make, change or delete answers with the reason, and one that was never made is not there.

moto would answer with an internal server error that says nothing, and keep half a stack.
"""

import logging
from collections.abc import Callable
from typing import Any

from moto.cloudformation.exceptions import AlreadyExistsException, ValidationError
from moto.cloudformation.models import CloudFormationBackend
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from local_cloud.patching import replace

_LOG = logging.getLogger(__name__)


def install() -> None:
    """Puts the difference into moto's CloudFormation."""
    replace(CloudFormationBackend, "create_stack", _whole_or_not_at_all)
    for call in ("update_stack", "delete_stack"):
        replace(CloudFormationBackend, call, _telling_why)


def _whole_or_not_at_all(original: Callable[..., Any]) -> Callable[..., Any]:
    make = _telling_why(original)

    def create_stack(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        try:
            stack = make(self, name, *args, **kwargs)
            if stack.status.endswith("_COMPLETE"):
                _telling_why(lambda made: made.outputs)(stack)
        except AlreadyExistsException:
            raise
        except Exception:
            for stack_id in [key for key, stack in self.stacks.items() if stack.name == name]:
                self.stacks.pop(stack_id)
            raise
        return stack

    return create_stack


def _telling_why(original: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        try:
            return original(*args, **kwargs)
        except (ServiceException, HTTPException):
            raise
        except Exception as error:
            _LOG.exception("a stack could not be made, changed or deleted")
            raise ValidationError(message=f"{type(error).__name__}: {error}") from error

    return call
