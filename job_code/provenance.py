"""What a run was made of: which bytes it read, and which versions of the program and of the libraries made it."""

import hashlib
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from job_code.table_files import find_files, name_below

LIBRARIES = ("holidays", "lightgbm", "mlforecast", "numpy", "polars")
# The image has it where whoever built the image knew the revision of the source.
REVISION = "SOURCE_REVISION"


def input_fingerprint(inputs: Mapping[str, Path]) -> dict[str, str | int]:
    """Checksum over all input files: equal fingerprints mean equal input.

    Args:
        inputs: Folder or file of each input, by name.

    Returns:
        `fingerprint` (SHA-256, hexadecimal), `files` and `bytes`.
    """
    total, count, size = hashlib.sha256(), 0, 0
    for source, path in sorted(inputs.items()):
        for file in find_files(path, source=source):
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            total.update(f"{source}/{name_below(path, file)}:{digest}\n".encode())
            count, size = count + 1, size + file.stat().st_size
    return {"fingerprint": total.hexdigest(), "files": count, "bytes": size}


def versions() -> dict[str, str]:
    """List the versions of Python and of the libraries that shape the numbers, and the program's revision if known.

    They tell where a model or a run comes from. Nothing is refused for them.
    """
    libraries = {name: version(name) for name in LIBRARIES}
    revision = os.environ.get(REVISION)
    return {"python": platform.python_version(), **libraries, **({"revision": revision} if revision else {})}
