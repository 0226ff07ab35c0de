"""Paths below `/opt/ml` in a SageMaker processing container. Tests can set another root."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from contract.error_codes import ErrorCode, render

MESSAGE_BYTES = 1000  # SageMaker keeps one kilobyte of the joined messages of all containers


@dataclass(frozen=True, kw_only=True)
class ProcessingPaths:
    """Paths of the inputs and the exit message of a processing container.

    Attributes:
        root: `/opt/ml`, or a substitute folder.
        job_name: Name of the job.
        host: Host name of this instance.
        hosts: Host names of all instances, sorted.
    """

    root: Path
    job_name: str
    host: str
    hosts: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the job's configuration below `SAGEMAKER_BASE_DIR`, by default `/opt/ml`.

        Args:
            environment: Environment variables.

        Raises:
            RuntimeError: If a configuration file cannot be read.
        """
        root = Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
        resources = _read(root / "config" / "resourceconfig.json")
        job = _read(root / "config" / "processingjobconfig.json")
        return cls(
            root=root,
            job_name=job["ProcessingJobName"],
            host=resources["current_host"],
            hosts=tuple(sorted(resources["hosts"])),
        )

    def input(self, name: str) -> Path:
        """Return the folder of an input. A sharded input may be empty on an instance."""
        return self.folder / "input" / name

    @property
    def folder(self) -> Path:
        """The folder of the job's inputs and temporary files."""
        return self.root / "processing"

    def write_message(self, code: ErrorCode, message: str) -> None:
        """Write the text that SageMaker shows as the job's ExitMessage.

        Args:
            code: Error code; the text starts with it.
            message: The error message.
        """
        path = self.root / "output" / "message"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(code, message).encode()[:MESSAGE_BYTES].decode(errors="ignore").encode())


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RuntimeError(f"{path} cannot be read: {error}") from None
    return content
