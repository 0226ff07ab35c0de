"""`onejob bootstrap`."""

from dataclasses import dataclass

from cli.options import CdkOptions, Environment, takes
from contract.names import PERSONAL_ENVIRONMENT


@dataclass(frozen=True, kw_only=True)
class BootstrapOptions:
    """The options of `onejob bootstrap`."""

    environment: Environment = PERSONAL_ENVIRONMENT
    cdk_options: CdkOptions = None


@takes(BootstrapOptions)
def bootstrap(options: BootstrapOptions) -> None:
    """Prepare an AWS account and region for deployments, once.

    Runs the CDK's bootstrap and turns on vulnerability scans in its image repository.
    """
    from cli.aws.account import signed_in
    from cli.aws.cdk import run_cdk
    from cli.aws.image_scanning import scan_pushed_images
    from cli.aws.session import aws_errors, session_of
    from cli.environment import read_settings

    settings = read_settings(options.environment)
    session = session_of(settings)
    signed_in(session, settings)
    run_cdk("bootstrap", options.environment, options.cdk_options or ())
    with aws_errors():
        repository = scan_pushed_images(session)
    print(f"ECR scans every image pushed to {repository}")
