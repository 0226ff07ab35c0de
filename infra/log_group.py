"""How every log group of this application is built: encrypted, and gone after the configured days."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import LOG_DAYS

# The enumeration lists CloudWatch's choices in ascending order, and for ever at its end.
RETENTION = dict(
    zip(LOG_DAYS, [days for days in logs.RetentionDays if days != logs.RetentionDays.INFINITE], strict=True)
)


class LogGroup(Construct):
    """An encrypted log group.

    Attributes:
        log_group: The log group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        key: kms.IKey,
        days: int,
        removal_policy: RemovalPolicy,
        name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self,
            "Group",
            log_group_name=name,
            encryption_key=key,
            retention=RETENTION[days],
            removal_policy=removal_policy,
        )
