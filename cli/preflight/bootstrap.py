"""Check the CDK's bootstrap: whether it has prepared the account and region, and whether its version suffices."""

from typing import TYPE_CHECKING

from lambdas.preflight.check_results import CheckResult, failed, ok

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

# The parameter of the CDK's own qualifier, which the application uses.
VERSION_PARAMETER = "/cdk-bootstrap/hnb659fds/version"


def check_bootstrap(systems: "SSMClient", *, parameter: str = VERSION_PARAMETER, needed: int = 1) -> list[CheckResult]:
    """Check that the bootstrap exists, in a version that suffices.

    Args:
        systems: An SSM client.
        parameter: Name of the parameter with the version.
        needed: The lowest version that suffices.
    """
    try:
        version = int(systems.get_parameter(Name=parameter)["Parameter"]["Value"])
    except systems.exceptions.ParameterNotFound:
        return [failed("bootstrap: the CDK's bootstrap is missing in this account and region; run: onejob bootstrap")]
    if version < needed:
        return [failed(f"bootstrap: version {version} is older than {needed}, the lowest; run: onejob bootstrap")]
    return [ok(f"bootstrap: version {version}")]
