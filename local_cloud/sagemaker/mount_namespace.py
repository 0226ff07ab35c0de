"""A private `/opt/ml` for one process, without root: a user and mount namespace of its own (Linux).

Python 3.11 has no `os.unshare`, so the C library is called. Must run before any thread is started. Standard library
only.
"""

import ctypes
import os
import shutil
import sys
from pathlib import Path

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_TARGET = Path("/opt/ml")


def mount_opt_ml(folder: Path) -> bool:
    """Makes `folder` appear as `/opt/ml` to this process and its children alone.

    Whatever else lies in `/opt` stays visible. Nothing on the machine changes.

    Returns:
        Whether it worked. Where it did not (no Linux, or the kernel forbids it), the caller uses a path prefix; the
        process may then be in a namespace of its own already, which changes nothing for it.
    """
    if not sys.platform.startswith("linux") or not Path("/opt").is_dir():
        return False
    try:
        _enter_namespace()
        if not _TARGET.is_dir():
            _make_target()
        _mount(str(folder), str(_TARGET), _MS_BIND | _MS_REC)
        probe = folder / ".mounted"
        probe.touch()
        worked = (_TARGET / probe.name).exists()
        probe.unlink()
    except OSError:
        return False
    return worked


def _enter_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS)
    # The same user inside as outside: files keep their owner, and the program does not think that it is root.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount("none", "/", _MS_REC | _MS_PRIVATE)


def _make_target() -> None:
    """Puts an empty file system over `/opt`, brings back all that was in it, and adds `/opt/ml`."""
    original = os.open("/opt", os.O_RDONLY | os.O_DIRECTORY)
    try:
        entries = list(os.scandir("/opt"))
        _mount("tmpfs", "/opt", 0, "tmpfs")
        for entry in entries:
            shown = Path("/opt") / entry.name
            source = f"/proc/self/fd/{original}/{entry.name}"
            if entry.is_symlink():
                shown.symlink_to(os.readlink(source))  # noqa: PTH115 - relative to a folder that is hidden now
                continue
            if entry.is_dir():
                shown.mkdir()
            else:
                shown.touch()
            _mount(source, str(shown), _MS_BIND | _MS_REC)
        _TARGET.mkdir()
    finally:
        os.close(original)


def _mount(source: str, target: str, flags: int, kind: str | None = None) -> None:
    _call("mount", source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), None)


def _call(name: str, *arguments: object) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent() -> None:
    """Asks the kernel to kill this process when its parent dies (Linux; elsewhere nothing)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def remove_tree(folder: Path) -> None:
    """Removes a folder; what cannot be removed stays."""
    shutil.rmtree(folder, ignore_errors=True)
