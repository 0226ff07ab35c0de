"""Where the application's own files are: `onejob` is installed from a checkout and works on it."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
CDK_PROGRAM = CHECKOUT / "node_modules" / ".bin" / "cdk"
