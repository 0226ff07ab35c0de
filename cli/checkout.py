"""Paths of the checkout. `onejob` is installed from a checkout and works on its files."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CDK_PROGRAM = CHECKOUT / "node_modules" / ".bin" / "cdk"


def revision(folder: Path = CHECKOUT) -> str | None:
    """Return the commit of a checkout, with the suffix `-dirty` if files differ from it.

    Args:
        folder: Folder of the checkout.

    Returns:
        None if the folder is not a git repository, has no commit, or git is not installed.
    """
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # nosec B603 # git
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
