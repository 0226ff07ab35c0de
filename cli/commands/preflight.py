"""Prints everything that was looked at, a line each, and ends with 1 if anything is wrong."""

import argparse
import functools
import sys
from datetime import UTC, datetime

import boto3
from botocore.client import BaseClient

from cli.aws.preflight_checks import look
from infra.settings.loader import ENVIRONMENTS, PERSONAL_ENVIRONMENT, SettingsError, load_settings
from lambdas.preflight.findings import Verdict

MARKS: dict[Verdict, str] = {"fine": "✓", "note": "!", "wrong": "✗", "unknown": "?"}


def main(arguments: list[str] | None = None) -> int:
    """Looks at one environment.

    Returns:
        The exit code: 0, or 1 if something is wrong.
    """
    parser = argparse.ArgumentParser(
        prog="python -m cli.commands.preflight", description="Look before a deployment or a run."
    )
    parser.add_argument("--environment", default=PERSONAL_ENVIRONMENT, help=f"default: {PERSONAL_ENVIRONMENT}")
    options = parser.parse_args(arguments)
    try:
        settings = load_settings(options.environment, ENVIRONMENTS)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    session = boto3.Session(region_name=settings.deployment.region)

    @functools.cache
    def client(service: str) -> BaseClient:
        return session.client(service)

    findings = look(settings, client, now=datetime.now(UTC))
    for finding in findings:
        print(f"{MARKS[finding.verdict]} {finding.line}")
    wrong = sum(finding.verdict == "wrong" for finding in findings)
    print(f"{settings.name}: {f'{wrong} to mend' if wrong else 'ready'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
