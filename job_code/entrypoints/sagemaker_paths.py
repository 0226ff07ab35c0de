"""Paths below `/opt/ml` in a SageMaker training container. Tests can set another root."""

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
    """Paths of the inputs and the failure file of a training container.

    Attributes:
        root: `/opt/ml`, or a substitute folder.
    """

    root: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Take the root from `SAGEMAKER_BASE_DIR`, by default `/opt/ml`.

        Args:
            environment: Environment variables.
        """
        return cls(root=Path(environment.get("SAGEMAKER_BASE_DIR", "/opt/ml")))

    def channel(self, name: str) -> Path | None:
        """Return the folder of an input channel, or None if the job does not have this channel."""
        folder = self.root / "input" / "data" / name
        return folder if folder.is_dir() else None

    def hyperparameters(self) -> dict[str, str]:
        """Return the job's hyperparameters. SageMaker passes every value as a string.

        Raises:
            InputError: If the file is missing or is not a JSON object.
        """
        path = self.root / "input" / "config" / "hyperparameters.json"
        try:
            values: Any = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError([f"hyperparameters: {path} cannot be read: {error}"]) from None
        if not isinstance(values, dict):
            raise InputError([f"hyperparameters: {path} is not a JSON object"])
        return {str(key): str(value) for key, value in values.items()}

    def write_failure(self, code: ErrorCode, message: str) -> None:
        """Write the line that SageMaker shows as the job's FailureReason.

        Args:
            code: Error code; the line starts with it.
            message: The error message.
        """
        path = self.root / "output" / "failure"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(code, message), encoding="utf-8")


def required(variable: str) -> str:
    """Return the value of an environment variable.

    Args:
        variable: Its name.

    Raises:
        RuntimeError: If it is not set, or empty.
    """
    value = os.environ.get(variable)
    if not value:
        raise RuntimeError(f"the environment variable {variable} is not set; the state machine passes it to the job")
    return value
