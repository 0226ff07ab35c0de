"""Preflight compares the version of the CDK's bootstrap with the one that the deployment needs."""

import pytest
from boto3 import Session

from cli.preflight.bootstrap import VERSION_PARAMETER, check_bootstrap


@pytest.mark.parametrize(
    ("version", "verdict", "text"),
    [
        (None, "failed", "is missing in this account and region; run: onejob bootstrap"),
        ("7", "failed", "version 7 is older than 8, the lowest; run: onejob bootstrap"),
        ("8", "ok", "bootstrap: version 8"),
        ("10", "ok", "bootstrap: version 10"),
    ],
)
def test_the_version(account: Session, version: str | None, verdict: str, text: str) -> None:
    systems = account.client("ssm")
    if version is not None:
        systems.put_parameter(Name=VERSION_PARAMETER, Value=version, Type="String")
    (found,) = check_bootstrap(systems, needed=8)
    assert found.verdict == verdict
    assert text in found.line
