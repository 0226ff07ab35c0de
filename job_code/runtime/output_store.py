"""Where a run's files go: a local folder, or S3."""

import fcntl
import json
import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Protocol

from contract.s3.keys import ANY, FORECASTS, RunKeys, run_folder_of
from job_code.errors import InputError

if TYPE_CHECKING:
    from job_code.runtime.s3_prefix import S3Prefix

UNFINISHED = ".unfinished-"


class Output(Protocol):
    """Takes a run's files, one finished file after the other."""

    def put(self, file: Path, name: str) -> None:
        """Stores a file under a name like `forecasts/partition=all/run_id=x/part-00000.parquet`."""

    def finish(self) -> None:
        """Makes everything that was put visible; nothing may be put after it."""

    def abandon(self) -> None:
        """Leaves nothing behind that could be taken for finished."""

    def location(self, name: str) -> str:
        """Where a reader finds a stored file."""


class LocalOutput:
    """A folder in which a run appears all at once, when it is finished.

    Args:
        folder: The folder; made where it does not exist.
        run_id: Names the run; its files are gathered in a hidden folder until `finish`.

    Attributes:
        scratch: A folder for what the run keeps on disk while it works; it goes with the hidden one.

    Raises:
        InputError: If the folder cannot be made or the run is there already.
    """

    def __init__(self, folder: Path, run_id: str) -> None:
        self._folder = folder
        self._staging = folder / f"{UNFINISHED}{run_id}"
        self._files = self._staging / "files"
        self._run_id = run_id
        self._run_folders = set[PurePosixPath]()  # one for each kind of file, such as forecasts/partition=all/run_id=x
        self.scratch = self._staging / "scratch"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(any(folder.glob(kind)) for kind in RunKeys(partition=ANY, run_id=run_id).folders):
                raise InputError([f"output: {folder} has a run {run_id} already; give another --run-id"])
            self._sweep()
            self._staging.mkdir()
            self._files.mkdir()
            self.scratch.mkdir()
        except OSError as error:
            raise InputError([f"output: {folder} cannot be written: {error.strerror}; give another folder"]) from None
        # The lock lives as long as the process: a later run can tell a dead run's folder from a busy one.
        self._lock = _lock(self._staging)

    def put(self, file: Path, name: str) -> None:
        """Moves a file into the run.

        Raises:
            ValueError: If the name is not of this run.
        """
        run_folder = run_folder_of(name, run_id=self._run_id)
        if run_folder is None:
            raise ValueError(f"{name} is no file of the run {self._run_id}")
        self._run_folders.add(PurePosixPath(run_folder))
        target = self._files / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target)

    def finish(self) -> None:
        """Moves the run's folders into place, that of the forecasts last."""
        for run in sorted(self._run_folders, key=lambda run: run.is_relative_to(FORECASTS)):
            target = self._folder / run
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._files / run).replace(target)
        self.abandon()

    def abandon(self) -> None:
        """Removes what is not in place."""
        shutil.rmtree(self._staging, ignore_errors=True)

    def location(self, name: str) -> str:
        """Path of a file after `finish`."""
        return str(self._folder / name)

    def _sweep(self) -> None:
        """Removes what killed runs left."""
        for left in self._folder.glob(f"{UNFINISHED}*"):
            try:
                _lock(left).close()
            except OSError:
                continue  # its run is alive
            shutil.rmtree(left, ignore_errors=True)


class S3Output:
    """A bucket, or a prefix of one. Readers wait for the manifest, which is put last.

    Args:
        folder: Where everything goes below.
    """

    def __init__(self, folder: "S3Prefix") -> None:
        self._folder = folder

    def put(self, file: Path, name: str) -> None:
        """Uploads a file; S3 refuses it if it does not arrive as it is here."""
        self._folder.upload(file, name)
        file.unlink()

    def finish(self) -> None:
        """Nothing is left to do: every file is in its place once it is put."""

    def abandon(self) -> None:
        """Leaves the files that were put: without a manifest, no reader takes them for a run."""

    def location(self, name: str) -> str:
        """URI of a file."""
        return self._folder.uri(name)


def put_json(content: Mapping[str, Any], name: str, output: Output, folder: Path) -> None:
    """Puts a JSON document.

    Args:
        content: The document.
        name: As `put` takes it.
        output: Where it goes.
        folder: Where the file is made.
    """
    path = folder / Path(name).name
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    output.put(path, name)


def _lock(folder: Path) -> IO[bytes]:
    opened = (folder / ".lock").open("wb")
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        opened.close()
        raise
    return opened
