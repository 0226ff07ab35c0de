"""`onejob preflight`."""

from dataclasses import dataclass
from datetime import UTC, datetime

from rich.text import Text

from cli.console import OUTPUT, progress
from cli.options import Environment, takes
from contract.names import PERSONAL_ENVIRONMENT

# Mark and color for each verdict of a check.
MARKS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red"), "unknown": ("?", "yellow")}


@dataclass(frozen=True, kw_only=True)
class PreflightOptions:
    """The options of `onejob preflight`."""

    environment: Environment = PERSONAL_ENVIRONMENT


@takes(PreflightOptions)
def preflight(options: PreflightOptions) -> int:
    """Check the account, quotas, image and data that a deployment or the next run needs.

    Prints one line for each check: ✓ passed, ✗ failed, ! warning, ? not checked. Exits with 1 if a check failed.
    """
    from cli.aws.session import session_of
    from cli.environment import read_settings
    from cli.preflight.preflight_checks import run_preflight

    settings = read_settings(options.environment)
    with progress(f"checking {settings.name}"):
        results = run_preflight(settings, session_of(settings), now=datetime.now(UTC))
    for result in results:
        OUTPUT.print(Text.assemble(MARKS[result.verdict], " ", result.line))
    failed = sum(result.verdict == "failed" for result in results)
    problems = f"{failed} problem{'' if failed == 1 else 's'} to fix"
    OUTPUT.print(f"{settings.name}: {problems if failed else 'ready'}")
    return 1 if failed else 0
