"""The `/opt/ml` contract between SageMaker and a training container, with an injectable root."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from contract.error_codes import ErrorCode, render
from job_code.errors import InputError


@dataclass(frozen=True)
class SageMakerPaths:
    """Where a training container finds its input and leaves its verdict.

    Attributes:
        root: `/opt/ml`, or the folder that stands in for it.
    """

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Takes `SAGEMAKER_BASE_DIR` for the root where it is set, else `/opt/ml`."""
        return cls(root=Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")))

    def channel(self, name: str) -> Path | None:
        """Folder of an input channel, or None where the job was started without it."""
        folder = self.root / "input" / "data" / name
        return folder if folder.is_dir() else None

    def hyperparameters(self) -> dict[str, str]:
        """The job's hyperparameters; every value is a string, as SageMaker passes them.

        Raises:
            InputError: If the file is missing or is not a JSON object.
        """
        path = self.root / "input" / "config" / "hyperparameters.json"
        try:
            values: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError([f"hyperparameters: {path} cannot be read: {error}"]) from None
        if not isinstance(values, dict):
            raise InputError([f"hyperparameters: {path} holds no JSON object"])
        return {str(key): str(value) for key, value in values.items()}

    def write_failure(self, code: ErrorCode, message: str) -> None:
        """Leaves the one line that SageMaker shows as the job's FailureReason.

        Args:
            code: Why the job failed; the line begins with it.
            message: The same for people.
        """
        path = self.root / "output" / "failure"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(code, message), encoding="utf-8")


def required(variable: str) -> str:
    """The value of an environment variable.

    Args:
        variable: Its name.
    """
    value = os.environ.get(variable)
    if not value:
        raise RuntimeError(f"the environment variable {variable} is not set; the state machine passes it to the job")
    return value
