"""List the versions of the program and its libraries, as lineage of a model or a run."""

import os
import platform
from importlib.metadata import version

LIBRARIES = ("holidays", "lightgbm", "mlforecast", "numpy", "polars")
# Environment variable of the image; set if the build knew the revision of the source.
REVISION = "SOURCE_REVISION"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that affect forecasts, and the program's revision if known.

    They document the origin of a model or a run. No check depends on them.
    """
    libraries = {name: version(name) for name in LIBRARIES}
    revision = os.environ.get(REVISION)
    return {"python": platform.python_version(), **libraries, **({"revision": revision} if revision else {})}
