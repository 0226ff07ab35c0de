"""Where the application's own files are: `onejob` is installed from a checkout and works on it."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CDK_PROGRAM = CHECKOUT / "node_modules" / ".bin" / "cdk"


def revision(folder: Path = CHECKOUT) -> str | None:
    """Tell which commit a checkout has, with `-dirty` if files differ from it.

    Args:
        folder: The checkout.

    Returns:
        None where it is no git repository, or has no commit, or git is not there to ask.
    """
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude", "*"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
