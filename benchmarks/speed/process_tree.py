"""What the system tells about a process and all it has started. Linux only: it is read from `/proc`."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
IN_MEMORY = ("tmpfs", "ramfs")


def supported() -> bool:
    """Whether this system tells what is needed."""
    return (PROC / "self" / "smaps_rollup").exists()


def lies_in_memory(folder: Path) -> bool:
    """Whether what is written to a folder is kept in memory: as in /tmp, on some systems."""
    mounts = [line.split()[1:3] for line in _lines(PROC / "mounts")]
    kinds = {Path(point): kind for point, kind in mounts}  # of several at one point, the last one is seen
    nearest = next((kinds[parent] for parent in (folder, *folder.parents) if parent in kinds), "")
    return nearest in IN_MEMORY


def process_tree(root: int) -> list[int]:
    """Numbers of a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for path in PROC.glob("[0-9]*/stat"):
        parent = _parent(path)
        if parent is not None:
            children.setdefault(parent, []).append(int(path.parent.name))
    found = [root]
    for each in found:  # grows while it is walked
        found += children.get(each, [])
    return found


def proportional_set_size(process: int) -> int:
    """Memory of a process in bytes, what it shares with others counted in part; 0 if it is gone."""
    for line in _lines(PROC / str(process) / "smaps_rollup"):
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def resident_set_size(process: int) -> int:
    """Memory of a process in bytes, what it shares with others counted in full; 0 if it is gone. Cheap to read."""
    for line in _lines(PROC / str(process) / "statm"):
        return int(line.split()[1]) * resource.getpagesize()
    return 0


def cpu_of_machine() -> float:
    """Seconds in which cores did something, of all cores, since the machine was started."""
    for line in _lines(PROC / "stat"):
        user, nice, system, _idle, _waiting, *interrupts = map(int, line.split()[1:9])
        return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _parent(stat: Path) -> int | None:
    for line in _lines(stat):
        return int(line.rpartition(")")[2].split()[1])  # a program's name may hold spaces
    return None


def _lines(path: Path) -> Iterator[str]:
    try:
        yield from path.read_text(errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):  # the process has ended
        return
