"""The identity behind the credentials, and a check that it belongs to the environment's account."""

from dataclasses import dataclass

from boto3 import Session
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from cli.errors import CommandError
from infra.settings.environment import Settings


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The identity behind the credentials.

    Attributes:
        account: Account number, 12 digits.
        arn: ARN of the user or role.
    """

    account: str
    arn: str


def signed_in(session: Session, settings: Settings) -> Caller:
    """Return the identity that AWS reports for the credentials.

    Raises:
        CommandError: There are no valid credentials, or they belong to a different account than the environment.
    """
    try:
        identity = session.client("sts").get_caller_identity()
    except NoCredentialsError as error:
        raise CommandError("credentials: none found; run aws sso login, or set AWS_PROFILE") from error
    except EndpointConnectionError as error:
        region = settings.deployment.region
        raise CommandError(
            f"credentials: AWS cannot be reached in region {region}: {error}; check the network and the region"
        ) from error
    except (ClientError, BotoCoreError) as error:
        raise CommandError(f"credentials: not valid: {error}; sign in to AWS and try again") from error
    wanted, account = settings.deployment.account, str(identity["Account"])
    if wanted not in (None, account):
        raise CommandError(
            f"credentials: they belong to account {account}, but {settings.environment} is in account {wanted}; "
            f"sign in to account {wanted}"
        )
    return Caller(account=account, arn=str(identity["Arn"]))
