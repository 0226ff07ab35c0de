"""The `/opt/ml` contract between SageMaker and a processing container, with an injectable root."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from contract.error_codes import ErrorCode, render

MESSAGE_BYTES = 1000  # SageMaker keeps a kilobyte, of all containers together


@dataclass(frozen=True, kw_only=True)
class ProcessingPaths:
    """Where a processing container finds its input and leaves its verdict.

    Attributes:
        root: `/opt/ml`, or the folder that stands in for it.
        job_name: The job's name.
        host: This machine's name.
        hosts: All machines' names, sorted.
    """

    root: Path
    job_name: str
    host: str
    hosts: tuple[str, ...]

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Takes `SAGEMAKER_BASE_DIR` for the root where it is set, else `/opt/ml`."""
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
        """Folder of an input; of one that is sharded, an instance may have got nothing."""
        return self.folder / "input" / name

    @property
    def folder(self) -> Path:
        """Where everything of the job lies."""
        return self.root / "processing"

    def write_message(self, code: ErrorCode, message: str) -> None:
        """Leaves what SageMaker shows as the job's ExitMessage.

        Args:
            code: Why this machine failed; the message begins with it.
            message: The same for people.
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
