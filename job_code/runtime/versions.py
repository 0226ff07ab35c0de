"""Versions of the program and its libraries, as lineage of a model or a run."""

import os
import platform
from importlib.metadata import version

LIBRARIES = ("holidays", "lightgbm", "mlforecast", "numpy", "polars")
# The image has it where whoever built the image knew the revision of the source.
REVISION = "SOURCE_REVISION"


def versions() -> dict[str, str]:
    """List the versions of Python and of the libraries that shape the numbers, and the program's revision if known.

    They tell where a model or a run comes from. Nothing is refused for them.
    """
    libraries = {name: version(name) for name in LIBRARIES}
    revision = os.environ.get(REVISION)
    return {"python": platform.python_version(), **libraries, **({"revision": revision} if revision else {})}
