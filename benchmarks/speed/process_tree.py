"""Read the memory of a process tree and the processor time of the host from `/proc`. Linux only."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
IN_MEMORY = ("tmpfs", "ramfs")


def supported() -> bool:
    """Return whether this system provides the needed files in `/proc`."""
    return (PROC / "self" / "smaps_rollup").exists()


def lies_in_memory(folder: Path) -> bool:
    """Return whether a folder is on a file system in memory, as /tmp is on some systems."""
    mounts = [line.split()[1:3] for line in _lines(PROC / "mounts")]
    types = {Path(point): file_system for point, file_system in mounts}  # the last mount at a point is visible
    nearest = next((types[parent] for parent in (folder, *folder.parents) if parent in types), "")
    return nearest in IN_MEMORY


def process_tree(root: int) -> list[int]:
    """Return the ids of a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        parent = _parent(path)
        if parent is not None:
            children.setdefault(parent, []).append(int(path.parent.name))
    found = [root]
    for each in found:  # the loop extends the list
        found += children.get(each, [])
    return found


def proportional_set_size(process: int) -> int:
    """Return the memory of a process in bytes. Shared memory counts in part. Return 0 if the process has ended."""
    for line in _lines(PROC / str(process) / "smaps_rollup"):
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def resident_set_size(process: int) -> int:
    """Return the memory of a process in bytes. Shared memory counts fully. Return 0 if the process has ended.

    This value is cheap to read.
    """
    for line in _lines(PROC / str(process) / "statm"):
        return int(line.split()[1]) * resource.getpagesize()
    return 0


def cpu_of_host() -> float:
    """Return the busy seconds of all cores since the host started."""
    for line in _lines(PROC / "stat"):
        user, nice, system, _idle, _waiting, *interrupts = map(int, line.split()[1:9])
        return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _parent(stat: Path) -> int | None:
    for line in _lines(stat):
        return int(line.rpartition(")")[2].split()[1])  # a program's name may contain spaces
    return None


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from path.read_text(errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):  # the process has ended
        return
