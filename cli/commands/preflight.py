"""`onejob preflight`."""

from dataclasses import dataclass
from datetime import UTC, datetime

from rich.text import Text

from cli.console import OUTPUT, progress
from cli.options import Environment, takes
from contract.names import PERSONAL_ENVIRONMENT

# Mark and color for each verdict of a check.
MARKS = {"fine": ("✓", "green"), "note": ("!", "yellow"), "wrong": ("✗", "red"), "unknown": ("?", "yellow")}


@dataclass(frozen=True, kw_only=True)
class PreflightOptions:
    """The options of `onejob preflight`."""

    environment: Environment = PERSONAL_ENVIRONMENT


@takes(PreflightOptions)
def preflight(options: PreflightOptions) -> int:
    """Check the account, quotas, image and data that a deployment or the next run needs.

    Prints one line for each check: ✓ passed, ✗ failed, ! warning, ? not checked. Exits with 1 if a check failed.
    """
    from cli.aws.preflight_checks import look
    from cli.aws.session import session_of
    from cli.environment import read_settings

    settings = read_settings(options.environment)
    with progress(f"checking {settings.name}"):
        findings = look(settings, session_of(settings), now=datetime.now(UTC))
    for finding in findings:
        OUTPUT.print(Text.assemble(MARKS[finding.verdict], " ", finding.line))
    wrong = sum(finding.verdict == "wrong" for finding in findings)
    problems = f"{wrong} problem{'' if wrong == 1 else 's'} to fix"
    OUTPUT.print(f"{settings.name}: {problems if wrong else 'ready'}")
    return 1 if wrong else 0
