"""Runs the server in its own process, which ends with the process that started it."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from local_cloud.core.server_options import ServerOptions

_READY_SECONDS = 60
_STOP_SECONDS = 15


class ServerProcess:
    """Starts the server.

    Args:
        options: The caller's options.
        log_file: The file for the server's log.

    Attributes:
        pid: The id of the server's process and of its process group.
    """

    def __init__(self, options: ServerOptions, *, log_file: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
        repository = str(Path(__file__).resolve().parent.parent.parent)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, [repository, environment.get("PYTHONPATH")]))
        self._log_file = log_file
        with log_file.open("wb") as log:
            # A separate session: Ctrl-C on the terminal reaches only the opener, which then stops the server in order.
            self._process = subprocess.Popen(  # nosec B603 # the server of this package
                [sys.executable, "-m", "local_cloud.server", options.to_json()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def port(self) -> int:
        """Wait until the server is ready, and return its port.

        Raises:
            RuntimeError: The server did not start. The message has the end of its log.
        """
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], _READY_SECONDS)
        greeting = self._process.stdout.readline() if ready else b""
        if not greeting:
            tail = "\n".join(self._log_file.read_text(errors="replace").splitlines()[-15:])
            raise RuntimeError(f"the local cloud did not start; its log ends with:\n{tail}")
        return int(json.loads(greeting)["port"])

    def end(self) -> None:
        """Stop jobs, Lambda functions and the server, and return when they have ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
        self._process.stdout.close()
