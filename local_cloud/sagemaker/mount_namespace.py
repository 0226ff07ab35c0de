"""Gives one process a private `/opt/ml` without root, in its own user and mount namespace (Linux).

Python 3.11 has no `os.unshare`, so this module calls the C library. It must run before the process starts a thread.
Standard library only.
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
    """Mount `folder` as `/opt/ml`, visible only to this process and its children.

    All other entries of `/opt` stay visible. Nothing outside the namespace changes.

    Returns:
        Whether the mount succeeded. If it failed (no Linux, or the kernel forbids it), the caller uses a path prefix.
        The process may then already be in a new namespace, which has no effect on it.
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
        mounted = (_TARGET / probe.name).exists()
        probe.unlink()
    except OSError:
        return False
    return mounted


def _enter_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    _call("unshare", _CLONE_NEWUSER | _CLONE_NEWNS)
    # Map the user to itself, so that files keep their owner and the program does not appear to run as root.
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _mount("none", "/", _MS_REC | _MS_PRIVATE)


def _make_target() -> None:
    """Mount an empty file system over `/opt`, bind all its previous entries again, and add `/opt/ml`."""
    original = os.open("/opt", os.O_RDONLY | os.O_DIRECTORY)
    try:
        entries = list(os.scandir("/opt"))
        _mount("tmpfs", "/opt", 0, "tmpfs")
        for entry in entries:
            shown = Path("/opt") / entry.name
            source = f"/proc/self/fd/{original}/{entry.name}"
            if entry.is_symlink():
                shown.symlink_to(os.readlink(source))  # noqa: PTH115 - relative to a hidden folder
                continue
            if entry.is_dir():
                shown.mkdir()
            else:
                shown.touch()
            _mount(source, str(shown), _MS_BIND | _MS_REC)
        _TARGET.mkdir()
    finally:
        os.close(original)


def _mount(source: str, target: str, flags: int, file_system: str | None = None) -> None:
    type_name = file_system.encode() if file_system else None
    _call("mount", source.encode(), target.encode(), type_name, ctypes.c_ulong(flags), None)


def _call(name: str, *arguments: object) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent() -> None:
    """Make the kernel kill this process when its parent dies. Linux only; no effect elsewhere."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL


def remove_tree(folder: Path) -> None:
    """Remove a folder, and ignore entries that cannot be removed."""
    shutil.rmtree(folder, ignore_errors=True)
