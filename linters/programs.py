"""Starts the linters."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
# The linters that need other versions of packages than the repository have a virtual environment of their own.
OWN = ROOT / ".linters" / "bin"
COMMON = Path(sys.executable).parent


class LinterError(Exception):
    """A linter is missing or broke off. The message says what to do."""


def run(command: Sequence[str | Path], *, folder: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run a linter.

    Args:
        command: The program and its arguments.
        folder: Current folder of the program.

    Raises:
        LinterError: The program is not installed, or it broke off.
    """
    if not Path(command[0]).exists():
        raise LinterError(f"{command[0]} is not installed; run: make linters")
    arguments = [str(each) for each in command]
    done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, check=False)  # nosec B603 # a linter
    # Python also exits with 1 after an exception, but then there is no report.
    if done.returncode not in (0, 1) or (done.returncode and "Traceback" in done.stderr):
        raise LinterError(f"{arguments[0]} failed with exit code {done.returncode}: {done.stderr or done.stdout}")
    return done


def run_for_json(command: Sequence[str | Path], *, folder: Path = ROOT) -> Any:  # noqa: ANN401 - as JSON has it
    """Run a linter and return its report."""
    return json.loads(run(command, folder=folder).stdout)
