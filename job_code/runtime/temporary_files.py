"""Keep temporary files in the folder of the run. If the process is killed, the next run removes that folder."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from job_code.files.find_files import printable
from job_code.runtime.process_pool import ProcessPool

VARIABLE = "TMPDIR"  # Python's tempfile reads it in a new process


@contextmanager
def temporary_files_in(folder: Path, workers: ProcessPool) -> Iterator[None]:
    """Let this process and all workers create their temporary files in a folder.

    Args:
        folder: The folder. If its path is not valid UTF-8, the files stay in the system's temporary folder: libraries
            cannot open files there.
        workers: The processes; the pool may have started them already.
    """
    if printable(str(folder)) != str(folder):
        yield
        return
    before, variable = tempfile.tempdir, os.environ.get(VARIABLE)
    tempfile.tempdir = os.environ[VARIABLE] = str(folder)
    try:
        if workers.started:
            workers.run_on_each(_use, str(folder))
        yield
    finally:
        tempfile.tempdir = before
        if variable is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = variable


def _use(folder: str) -> None:
    tempfile.tempdir = folder
