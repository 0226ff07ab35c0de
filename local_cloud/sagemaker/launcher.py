"""The launcher of one instance. It sets up `/opt/ml`, runs the job's main process, passes on signals and ends with it.

Run as `python -S -m local_cloud.sagemaker.launcher SPECIFICATION`. The specification is a JSON file with `command`,
`folder`, `environment`, `base` (the folder to mount as `/opt/ml`) and `cores` (the cores to run on; null for all). On
standard input, the letter `T` requests SIGTERM for the job's main process. The end of the input kills the job. The exit
status is the job's, or 128 + N for signal N, as in a container. Standard library only.
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
    """Run the job and return its exit status."""
    environment: dict[str, str] = dict(specification["environment"])
    base = Path(specification["base"])
    if specification["cores"] is not None:
        os.sched_setaffinity(0, specification["cores"])  # child processes inherit it
    if not mount_opt_ml(base):
        environment["SAGEMAKER_BASE_DIR"] = str(base)
    # A short path, because jobs create sockets in it, and socket paths are limited to about 100 characters.
    temporary = Path(tempfile.mkdtemp(prefix="job-"))
    environment = {"HOME": str(temporary), "TMPDIR": str(temporary), **environment}
    try:
        child = subprocess.Popen(  # nosec B603 # the image's entry point, as on SageMaker
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
        # A container ends with its main process, so all other processes of the job must end, too.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        remove_tree(temporary)


def process_file(base: Path) -> Path:
    """Return the path of the file with the id of the job's main process. It is next to the instance's /opt/ml."""
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
