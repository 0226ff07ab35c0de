"""Puts functions of one's own in the place of moto's, by name.

Patched by name, moto must be pinned exactly: a name that is not there any more is an error at start, not later.
"""

from collections.abc import Callable
from typing import Any


def replace(owner: object, name: str, make: Callable[[Any], object]) -> None:
    """Replaces `owner.name` by what `make` returns for what was there.

    Raises:
        AttributeError: moto has no such name; it is not the version this was written for.
    """
    original = getattr(owner, name)
    setattr(owner, name, make(original))
