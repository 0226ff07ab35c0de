"""Replaces functions of moto by name.

Moto must therefore be pinned exactly. A name that no longer exists raises an error when the server starts.
"""

from collections.abc import Callable
from typing import Any


def patch_attribute(owner: object, name: str, make: Callable[[Any], object]) -> None:
    """Replace `owner.name` by `make(owner.name)`.

    Raises:
        AttributeError: Moto has no such name: it is not the version this code was written for.
    """
    original = getattr(owner, name)
    setattr(owner, name, make(original))
