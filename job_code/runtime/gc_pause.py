"""Pause Python's garbage collector while modules are imported."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def gc_paused() -> Iterator[None]:
    """Pause garbage collection during the imports of a program, then exempt the imported objects from later passes.

    Imported objects stay alive. Collecting during the imports takes a sixth of their time.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
