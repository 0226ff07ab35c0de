"""A chunk of demand as one chunk: an uncompressed tar of its files, which holds nothing but data."""

import hashlib
import re
import shutil
import tarfile
from pathlib import Path

from job_code.errors import HandoverUnusableError

FILE = re.compile(r"\w[\w.-]*")


def pack(folder: Path, target: Path) -> str:
    """Packs the files of a folder.

    Args:
        folder: The folder.
        target: The file to write.

    Returns:
        SHA-256 of the file, hexadecimal.
    """
    with tarfile.open(target, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.add(file, file.name)
    return checksum(target)


def unpack(packed: Path, folder: Path, sha256: str) -> None:
    """Unpacks what `pack` packed, and nothing else.

    Args:
        packed: The file.
        folder: Where the files go; it must exist.
        sha256: What its checksum must be, hexadecimal.

    Raises:
        HandoverUnusableError: If it is another file than that, or holds anything but files.
    """
    found = checksum(packed)
    if found != sha256:
        raise HandoverUnusableError(
            f"{packed.name} has the checksum {found[:12]}..., not {sha256[:12]}...: it is damaged"
        )
    with tarfile.open(packed) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() and FILE.fullmatch(member.name) else None
            if content is None:
                raise HandoverUnusableError(f"{packed.name} holds {member.name}, which is no file of a chunk")
            with (folder / member.name).open("wb") as file:
                shutil.copyfileobj(content, file)


def checksum(file: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
