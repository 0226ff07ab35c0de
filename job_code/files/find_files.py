"""Find everything at or below a path, by name alone: what may be a table, and what is not read, with the reason.

Links are followed. What has two names is found once, so a link to a folder above does not loop. Names may have any
bytes: messages show them as text, and libraries open them by a path that is text.
"""

import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from contract.data_files import DELTA_LOG, is_delta_log, is_hidden
from job_code.config_rules import composed
from job_code.errors import InputError

HIDDEN = "not read, because the name begins with _ or ."
LITTER = "not read, because operating systems and office programs write such files"
LITTER_NAMES = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "$recycle.bin", "system volume information")
LITTER_FOLDERS = ("lost+found", "@eadir")  # of Linux and of network drives
LOCK = "~$"  # an office program has the file open
DELTA = "a Delta table"
HUDI = ".hoodie"
HUDI_TABLE = "a Hudi table"
ICEBERG = "an Iceberg table"
TABLE_MARKS = {f"{DELTA_LOG}/*": DELTA, HUDI: HUDI_TABLE, "metadata/*.metadata.json": ICEBERG}
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, kw_only=True)
class NotRead:
    """Something that is not read.

    Attributes:
        name: Its name, for messages.
        problem: The reason, worded to follow `1 file`.
        remedy: What the user must do: an imperative sentence without its period.
        is_error: Whether it may hold data that is missing now.
    """

    name: str
    problem: str
    remedy: str
    is_error: bool = True


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A file that may be a table, or the folder of a Delta table.

    Attributes:
        path: The file or folder.
        name: Path relative to the searched folder, for messages.
        is_delta: Whether it is the folder of a Delta table.
        folder_values: Columns in the names of its folders, such as `store=S1`; None for a missing value.
    """

    path: Path
    name: str
    is_delta: bool = False
    folder_values: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FoundFiles:
    """All that was found, sorted by name.

    Attributes:
        files: What may be a table.
        not_read: Everything else.
        inputs: Every file that a run depends on, the logs of Delta tables included, by its name.
    """

    files: list[FoundFile]
    not_read: list[NotRead]
    inputs: dict[str, Path]


def find_files(path: Path, *, source: str) -> FoundFiles:
    """Find everything at or below a path. A file given by its own name is always taken as a table.

    Args:
        path: A file, or a folder of any depth.
        source: The input that the files belong to (`demand`), for the message.

    Raises:
        InputError: If the path does not exist, is neither a file nor a folder, or is a part of a table whose log or
            metadata is in a folder above. Such a part also has obsolete rows.
    """
    shown = printable(str(path))
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise InputError([f"{source}: file or folder {shown} does not exist. Check the path"]) from None
    except OSError as error:
        raise InputError([f"{source}: {shown} cannot be opened: {error.strerror}. Check the path"]) from None
    above = _table_above(path)
    if above is not None:
        folder, table_format = above
        raise InputError(
            [
                f"{source}: {shown} is a part of {table_format}, {printable(str(folder))}. Its files may have obsolete "
                "rows. Use the whole table, or export the rows of the part to Parquet"
            ]
        )
    if stat.S_ISREG(mode):
        name = printable(path.name)
        return FoundFiles(files=[FoundFile(path=path, name=name)], not_read=[], inputs={name: path})
    if not stat.S_ISDIR(mode):
        raise InputError([f"{source}: {shown} is neither a file nor a folder. Write the data into a file"])
    return _Walk(path).search()


def printable(name: str) -> str:
    r"""Return a name as text that can be printed and stored. Bytes that are not UTF-8 become `\xe4`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


@contextmanager
def utf8_path(path: Path) -> Iterator[Path]:
    """Provide a path that is valid UTF-8: the same path, or a temporary link to it. Libraries cannot open others."""
    if printable(str(path)) == str(path):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder) / "file"
        link.symlink_to(path.absolute())
        yield link


def _table_above(path: Path) -> tuple[Path, str] | None:
    """Return the nearest folder above a path that is a table with a log or metadata, and the name of its format."""
    for folder in path.resolve().parents:
        for pattern, table_format in TABLE_MARKS.items():
            try:
                if any(folder.glob(pattern)):
                    return folder, table_format
            except OSError:
                continue  # a folder that nobody may list
    return None


class _Walk:
    """One search below a folder.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[tuple[int, int], str] = {}
        self._files: dict[str, Path] = {}
        self._hudi: set[str] = set()
        self._not_read: list[NotRead] = []

    def search(self) -> FoundFiles:
        """Search the folder. Links come after all that is not linked, which therefore keeps its own name."""
        waiting, links = [(self._root, "")], list[tuple[Path, str]]()
        while waiting or links:
            path, name = waiting.pop() if waiting else links.pop(0)
            for entry in self._entries(path, name):
                (links if _is_link(entry[0]) else waiting).append(entry)
        tables = self._table_folders()
        files = [
            FoundFile(path=path, name=printable(name), folder_values=_folder_values(name))
            for name, path in self._files.items()
            if not is_delta_log(name) and not _is_below(name, tables)
        ]
        for folder, table_format in tables.items():
            name = printable(self._root.name if folder == "." else folder)
            if table_format == DELTA:
                files.append(FoundFile(path=self._root / folder, name=name, is_delta=True))
            else:
                self._refuse(name, f"of {table_format}, whose log the job cannot read", "Export its rows to Parquet")
        deltas = [folder for folder, table_format in tables.items() if table_format == DELTA]
        return FoundFiles(
            files=sorted(files, key=lambda file: file.name),
            not_read=sorted(
                (each for each in self._not_read if not _is_below(each.name, deltas)), key=lambda each: each.name
            ),
            inputs={printable(name): path for name, path in sorted(self._files.items())},
        )

    def _entries(self, path: Path, name: str) -> Iterator[tuple[Path, str]]:
        """Remember what a path is. If it is a folder, yield its entries."""
        if is_hidden(name) and not is_delta_log(f"{name}/any"):
            if path.name == HUDI:
                self._hudi.add(str(PurePosixPath(name).parent))
            self._pass_over(name, HIDDEN, "Rename it if it holds data")
            return
        if _is_litter(PurePosixPath(name).name):
            self._pass_over(name, LITTER, "Rename it if it holds data")
            return
        try:
            status = path.stat()
            known = self._seen.setdefault((status.st_dev, status.st_ino), name)
            if known != name:
                leads_to = f"{name} (to {known or 'the folder itself'})"
                self._pass_over(leads_to, "not read, because it leads to what is read anyway", "Remove the link")
            elif stat.S_ISDIR(status.st_mode):
                for entry in sorted(path.iterdir()):
                    yield entry, f"{name}/{entry.name}" if name else entry.name
            elif stat.S_ISREG(status.st_mode):
                self._files[name] = path
            else:
                self._refuse(name, "that is neither a file nor a folder", "Write the data into a file")
        except FileNotFoundError:
            self._refuse(name, "that is a link to nothing", "Restore what it leads to, or remove the link")
        except OSError as error:
            self._refuse(name or ".", f"that cannot be opened ({error.strerror})", "Give the job the right to read it")

    def _table_folders(self) -> dict[str, str]:
        """Return the folders of table formats, with the names of the formats."""
        found = dict.fromkeys(self._hudi, HUDI_TABLE)
        for name in self._files:
            path = PurePosixPath(name)
            if is_delta_log(name):
                found[str(PurePosixPath(*path.parts[: path.parts.index(DELTA_LOG)]))] = DELTA
            elif path.parent.name == "metadata" and name.endswith(".metadata.json"):
                found[str(path.parent.parent)] = ICEBERG
        return found

    def _pass_over(self, name: str, problem: str, remedy: str) -> None:
        self._not_read.append(NotRead(name=printable(name), problem=problem, remedy=remedy, is_error=False))

    def _refuse(self, name: str, problem: str, remedy: str) -> None:
        self._not_read.append(NotRead(name=printable(name), problem=problem, remedy=remedy))


def _is_litter(name: str) -> bool:
    return name.startswith(LOCK) or name.lower() in (*LITTER_NAMES, *LITTER_FOLDERS)


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except OSError:
        return False  # in a folder that cannot be searched; the search reports the entry


def _is_below(name: str, folders: Iterable[str]) -> bool:
    return any(PurePosixPath(name).is_relative_to(folder) for folder in folders)


def _folder_values(name: str) -> dict[str, str | None]:
    """Return the columns in the names of folders, as Hive and Spark write them."""
    pairs = (part.split("=", 1) for part in PurePosixPath(name).parts[:-1] if "=" in part)
    return {composed(unquote(column)): None if value == NO_VALUE else unquote(value) for column, value in pairs}
