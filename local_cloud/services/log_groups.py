"""CloudWatch Logs: refuses a log group whose KMS key does not let the service in, as at the creation on AWS."""

from collections.abc import Callable

from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogGroup, LogsBackend

from local_cloud.core.patching import patch_attribute
from local_cloud.iam import keys
from local_cloud.iam.authorizer import Authorizer
from local_cloud.iam.callers import Caller

# By the guide "Encrypt log data in CloudWatch Logs using AWS KMS". DescribeKey has no encryption context, so no policy
# that limits the service to log groups can allow it.
_ACTIONS = ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey")


def install(authorizer: Authorizer) -> None:
    """Check the key of every log group that is created."""

    def checking(original: Callable[..., LogGroup]) -> Callable[..., LogGroup]:
        def create_log_group(self: LogsBackend, log_group_name: str, tags: dict[str, str], **kwargs: str) -> LogGroup:
            key = kwargs.pop("KmsKeyId", None) or kwargs.get("kmsKeyId")  # CloudFormation's name, and the API's
            if key:
                kwargs["kmsKeyId"] = key
                _check_key(key, f"{self.region_name}:{self.account_id}", log_group_name, authorizer)
            return original(self, log_group_name, tags, **kwargs)

        return create_log_group

    patch_attribute(LogsBackend, "create_log_group", checking)


def _check_key(key: str, place: str, group: str, authorizer: Authorizer) -> None:
    arn = f"arn:aws:logs:{place}:log-group:{group}"
    needed = keys.through_service(key, _ACTIONS, service="logs", place=place, context={"aws:logs:arn": arn})
    caller = Caller(name=f"logs.{place.split(':')[0]}.amazonaws.com", source=arn)
    missing = authorizer.first_missing(caller, needed)
    if missing is not None:
        raise InvalidParameterException(
            f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}': "
            f"its policy must allow {missing.action} to {caller.name}"
        )
