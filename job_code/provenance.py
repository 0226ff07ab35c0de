"""What a run was made from: which input, to the byte, and which versions of the libraries."""

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path

from job_code.table_files import find_files, name_below

LIBRARIES = ("holidays", "lightgbm", "mlforecast", "numpy", "polars")
# What no number of a forecast depends on: how a job is started and told, where files lie, what a report looks like.
ABOUT_IT = (
    "__main__",
    "allocator",
    "backtest_scores",
    "charts",
    "data_quality",
    "disk",
    "errors",
    "findings",
    "finishing",
    "fleet_instance",
    "gathering",
    "handing_over",
    "handover",
    "laptop",
    "loading",
    "manifest",
    "model_files",
    "object_forecast",
    "object_notes",
    "output",
    "piece_objects",
    "processing_container",
    "processing_paths",
    "progress",
    "provenance",
    "published_run",
    "report",
    "report_charts",
    "run",
    "run_request",
    "s3",
    "sagemaker_paths",
    "telling_series",
    "termination",
    "trained_model",
    "training_container",
    "training_record",
    "workers",
)


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
    """Versions of Python, of the libraries that shape the numbers, and of the program itself."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {"python": platform.python_version(), **libraries, "program": program_digest(Path(__file__).parent)}


@cache
def program_digest(package: Path) -> str:
    """Changes with every module that a number of a forecast may depend on.

    A model knows its features by their place: to a program that has them otherwise, it means something else.

    Args:
        package: Folder of the modules.
    """
    digest = hashlib.sha256()
    for module in sorted(package.glob("*.py")):
        if module.stem not in ABOUT_IT:
            digest.update(f"{module.name}\n".encode() + module.read_bytes())
    return digest.hexdigest()[:12]
