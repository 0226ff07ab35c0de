"""Finds the policy of a resource: of a bucket, a key, a topic, a queue or a function."""

import json
from collections.abc import Callable
from contextlib import suppress

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_cloud.iam.statements import Statement, read_policy


def statements_about(resource: str, account: str) -> tuple[Statement, ...]:
    """Return the statements of a resource's policy; none if the resource has no policy or does not exist.

    Args:
        resource: ARN of the resource.
        account: The account of all resources.

    Raises:
        NotImplementedError: The policy has a member that the local cloud does not know.
    """
    parts = resource.split(":", 5)
    policy_of = _POLICIES.get(parts[2]) if len(parts) == 6 else None
    text = policy_of(resource, parts[3], account) if policy_of else None
    return read_policy(text) if text else ()


def _of_bucket(resource: str, _region: str, account: str) -> str | None:
    name = resource.rpartition(":")[2].partition("/")[0]
    bucket = s3_backends[account]["aws"].buckets.get(name)
    return bucket.policy.decode() if bucket is not None and bucket.policy else None


def _of_key(resource: str, region: str, account: str) -> str | None:
    key = kms_backends[account][region].keys.get(resource.rpartition("/")[2])
    return key.policy if key is not None else None


def _of_topic(resource: str, region: str, account: str) -> str | None:
    topic = sns_backends[account][region].topics.get(resource)
    return topic.policy if topic is not None else None


def _of_queue(resource: str, region: str, account: str) -> str | None:
    queue = sqs_backends[account][region].queues.get(resource.rpartition(":")[2])
    return str(queue.policy) if queue is not None and queue.policy else None


def _of_function(resource: str, region: str, account: str) -> str | None:
    with suppress(UnknownFunctionException):
        statements = lambda_backends[account][region].get_function(resource).policy.statements
        # Moto keeps the name in the statements that CloudFormation adds. It is not a member of a statement.
        own = [{name: value for name, value in each.items() if name != "FunctionName"} for each in statements]
        return json.dumps({"Statement": own}, sort_keys=True)
    return None


_POLICIES: dict[str, Callable[[str, str, str], str | None]] = {
    "s3": _of_bucket,
    "kms": _of_key,
    "sns": _of_topic,
    "sqs": _of_queue,
    "lambda": _of_function,
}
