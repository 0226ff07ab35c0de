"""Pack a chunk of demand into an archive: an uncompressed tar that contains only its data files."""

import hashlib
import re
import shutil
import tarfile
from pathlib import Path

from job_code.errors import HandoverUnusableError

FILE = re.compile(r"\w[\w.-]*")


def pack(folder: Path, target: Path) -> str:
    """Pack the files of a folder into an archive.

    Args:
        folder: The folder.
        target: The archive to write.

    Returns:
        SHA-256 of the archive, hexadecimal.
    """
    with tarfile.open(target, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.add(file, file.name)
    return checksum(target)


def unpack(packed: Path, folder: Path, sha256: str) -> None:
    """Unpack an archive of `pack`.

    Args:
        packed: The archive.
        folder: An existing folder for the files.
        sha256: The expected checksum, hexadecimal.

    Raises:
        HandoverUnusableError: If the checksum differs, or a member is not a regular file with a plain name.
    """
    found = checksum(packed)
    if found != sha256:
        raise HandoverUnusableError(f"{packed.name} is damaged: its checksum is {found[:12]}..., not {sha256[:12]}...")
    with tarfile.open(packed) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() and FILE.fullmatch(member.name) else None
            if content is None:
                raise HandoverUnusableError(f"{packed.name} contains {member.name}, which is not a file of a chunk")
            with (folder / member.name).open("wb") as file:
                shutil.copyfileobj(content, file)


def checksum(file: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
