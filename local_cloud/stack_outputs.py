"""A deleted stack tells its outputs as they were.

moto works out whenever asked what is exported, and to do so makes anew the resources that are: the CDK CLI, which
looks at the stack once more after its deletion, would bring back buckets and tables.
"""

from collections.abc import Callable
from typing import Any

from moto.cloudformation.models import Stack

from local_cloud.patching import replace


def install() -> None:
    """Puts the difference into moto's CloudFormation."""
    last: dict[str, Any] = {}  # by stack id

    def noting(original: Callable[[Any], None]) -> Callable[[Any], None]:
        def delete(self: Any) -> None:  # noqa: ANN401
            last[self.stack_id] = self.outputs
            original(self)

        return delete

    def as_noted(original: Any) -> Any:  # noqa: ANN401 - a property
        return property(lambda stack: last[stack.stack_id] if stack.stack_id in last else original.fget(stack))

    replace(Stack, "delete", noting)
    replace(Stack, "outputs", as_noted)
