"""Where the acceptance runs: an AWS account, or a local cloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from boto3 import Session

from local_cloud import ClientFactory, LocalCloud

# Seconds between two questions about an execution, a job or a query.
AWS_POLL_SECONDS = 5.0
LOCAL_POLL_SECONDS = 0.3


@dataclass(frozen=True, kw_only=True)
class Place:
    """Access to the place.

    Attributes:
        title: The place in words.
        account: Account number.
        region: Region.
        client: Makes boto3 clients.
        variables: Environment of the commands.
        cdk_options: Options that the CDK CLI needs here, by its command.
        poll_seconds: Seconds between two questions.
        is_aws: False in the local cloud.
    """

    title: str
    account: str
    region: str
    client: ClientFactory
    variables: Mapping[str, str]
    cdk_options: Mapping[str, Sequence[str]] = field(default_factory=dict)
    poll_seconds: float = AWS_POLL_SECONDS
    is_aws: bool = True

    @classmethod
    def on_aws(cls, session: Session, *, account: str, variables: Mapping[str, str]) -> Self:
        """Return the place of the user's credentials.

        Args:
            session: Session in the environment's region.
            account: The account of the credentials.
            variables: The user's environment variables, which have or find the credentials.
        """
        region = str(session.region_name)
        return cls(
            title=f"account {account}, {region}",
            account=account,
            region=region,
            client=session.client,
            variables={**variables, "AWS_REGION": region, "AWS_DEFAULT_REGION": region},
        )

    @classmethod
    def in_local_cloud(cls, cloud: LocalCloud) -> Self:
        """Return the place of a running local cloud."""
        return cls(
            title="the local cloud",
            account=cloud.account,
            region=cloud.region,
            client=cloud.client,
            variables=cloud.child_environment(),
            cdk_options=cloud.cdk_options,
            poll_seconds=LOCAL_POLL_SECONDS,
            is_aws=False,
        )
