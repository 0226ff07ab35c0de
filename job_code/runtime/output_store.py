"""Write the files of a run to a local folder or to S3."""

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
    """A store for the files of one run."""

    def put(self, file: Path, name: str) -> None:
        """Store a complete file under a name like `forecasts/partition=all/run_id=x/part-00000.parquet`."""

    def finish(self) -> None:
        """Make all stored files visible. No file may be stored afterwards."""

    def abandon(self) -> None:
        """Leave no files that a reader could take for a complete run."""

    def location(self, name: str) -> str:
        """Return the path or URI of a stored file."""


class LocalOutput:
    """A folder in which the whole run appears when it is finished.

    Args:
        folder: The folder; created if it does not exist.
        run_id: Name of the run. Its files stay in a hidden folder until `finish`.

    Attributes:
        scratch: Folder for temporary files of the run, inside the hidden folder.

    Raises:
        InputError: If the folder cannot be created, or already has this run.
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
            if any(any(folder.glob(pattern)) for pattern in RunKeys(partition=ANY, run_id=run_id).folders):
                raise InputError([f"output: {folder} already has a run {run_id}; use another --run-id"])
            self._sweep()
            self._staging.mkdir()
            self._files.mkdir()
            self.scratch.mkdir()
        except OSError as error:
            raise InputError([f"output: {folder} cannot be written: {error.strerror}; use another folder"]) from None
        # The lock lives as long as the process, so that a later run can recognize the folder of a killed run.
        self._lock = _lock(self._staging)

    def put(self, file: Path, name: str) -> None:
        """Move a file into the run.

        Raises:
            ValueError: If the name does not belong to this run.
        """
        run_folder = run_folder_of(name, run_id=self._run_id)
        if run_folder is None:
            raise ValueError(f"{name} is not a file of the run {self._run_id}")
        self._run_folders.add(PurePosixPath(run_folder))
        target = self._files / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file, target)

    def finish(self) -> None:
        """Move the folders of the run into place, the forecasts last."""
        for run in sorted(self._run_folders, key=lambda run: run.is_relative_to(FORECASTS)):
            target = self._folder / run
            target.parent.mkdir(parents=True, exist_ok=True)
            (self._files / run).replace(target)
        self.abandon()

    def abandon(self) -> None:
        """Remove the hidden folder of the run."""
        shutil.rmtree(self._staging, ignore_errors=True)

    def location(self, name: str) -> str:
        """Return the path of a file after `finish`."""
        return str(self._folder / name)

    def _sweep(self) -> None:
        """Remove the hidden folders of killed runs."""
        for staging in self._folder.glob(f"{UNFINISHED}*"):
            try:
                _lock(staging).close()
            except OSError:
                continue  # its run is still active
            shutil.rmtree(staging, ignore_errors=True)


class S3Output:
    """A prefix in S3. Readers wait for the manifest, which the run stores last.

    Args:
        folder: Prefix for all files.
    """

    def __init__(self, folder: "S3Prefix") -> None:
        self._folder = folder

    def put(self, file: Path, name: str) -> None:
        """Upload a file and delete the local copy. S3 rejects a damaged upload."""
        self._folder.upload(file, name)
        file.unlink()

    def finish(self) -> None:
        """Do nothing: `put` already stores every file at its final key."""

    def abandon(self) -> None:
        """Leave the uploaded files. Readers ignore a run without a manifest."""

    def location(self, name: str) -> str:
        """Return the URI of a file."""
        return self._folder.uri(name)


def put_json(content: Mapping[str, Any], name: str, output: Output, folder: Path) -> None:
    """Store a JSON document.

    Args:
        content: The document.
        name: Name for `Output.put`.
        output: The store.
        folder: Folder for the temporary file.
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
