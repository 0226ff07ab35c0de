"""The launcher of one instance of a job: gives it its `/opt/ml`, starts it, passes signals on, and ends with it.

Run as `python -S -m local_cloud.sagemaker.launcher SPECIFICATION`, a JSON file with `command`, `folder`, `environment`,
`base` (the folder that is to be `/opt/ml`) and `cores` (that it is kept to; null for all). On standard input: the
letter `T` asks for SIGTERM to the job's main process; the end of input kills the job. The exit status is the job's, 128
+ N for a signal as in a container. Standard library only.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from local_cloud.sagemaker.mount_namespace import die_with_parent, mount_opt_ml, remove_tree

_POLL_SECONDS = 0.05
_CANNOT_START = 127


def main(specification: dict[str, Any]) -> int:
    """Runs the job; returns its exit status."""
    environment: dict[str, str] = dict(specification["environment"])
    base = Path(specification["base"])
    if specification["cores"] is not None:
        os.sched_setaffinity(0, specification["cores"])  # what is started here inherits it
    if not mount_opt_ml(base):
        environment["SAGEMAKER_BASE_DIR"] = str(base)
    # As short as it can be: sockets are made in it, and their paths are limited to about 100 characters.
    temporary = Path(tempfile.mkdtemp(prefix="job-"))
    environment = {"HOME": str(temporary), "TMPDIR": str(temporary), **environment}
    try:
        child = subprocess.Popen(  # noqa: S603
            specification["command"],
            cwd=specification["folder"],
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    except OSError as error:
        sys.stderr.write(f"cannot start {specification['command']}: {error}\n")
        remove_tree(temporary)
        return _CANNOT_START
    process_file(base).write_text(str(child.pid))
    try:
        return _supervise(child)
    finally:
        # A container ends with its main process: nothing the job has started outlives it.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        remove_tree(temporary)


def process_file(base: Path) -> Path:
    """The file beside an instance's /opt/ml that holds the number of the job's main process."""
    return base.with_name(f"{base.name}.pid")


def _supervise(child: "subprocess.Popen[bytes]") -> int:
    while child.poll() is None:
        ready, _, _ = select.select([0], [], [], _POLL_SECONDS)
        if not ready:
            continue
        letters = os.read(0, 64)
        if not letters:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        elif child.poll() is None:
            child.send_signal(signal.SIGTERM)
    status = child.returncode
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text())))
