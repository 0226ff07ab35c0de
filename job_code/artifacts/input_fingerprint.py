"""Compute a fingerprint of the input files of a run."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from contract.s3.manifest import ManifestInput
from job_code.files.find_files import find_files


def input_fingerprint(inputs: Mapping[str, Path]) -> ManifestInput:
    """Compute a checksum over all input files. Equal fingerprints mean equal input.

    Args:
        inputs: Folder or file of each input, by name.
    """
    total, count, size = hashlib.sha256(), 0, 0
    for source, path in sorted(inputs.items()):
        for name, file in find_files(path, source=source).inputs.items():
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            total.update(f"{source}/{name}:{digest}\n".encode())
            count, size = count + 1, size + file.stat().st_size
    return {"fingerprint": total.hexdigest(), "files": count, "bytes": size}
