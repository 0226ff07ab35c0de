"""The permissions for the KMS keys of encrypted resources, with the context that each service gives to KMS.

A `place` is a region and an account, as ARNs have them: `eu-central-1:123456789012`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.kms.models import kms_backends
from moto.s3.models import FakeBucket, FakeKey, s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_cloud.iam.statements import Permission

# Everyone in the account may use a key that AWS manages, but only through its service.
_MANAGED_BY_AWS = "alias/aws/"


def on_object(subject: str, actions: Iterable[str], *, place: str, key: str = "") -> Iterator[Permission]:
    """Yield the permissions for the key of an object: the given key, or the default key of its bucket.

    Args:
        subject: Bucket and key of the object: `bucket/folder/name`.
        actions: KMS's actions, without the service.
        place: Region and account.
        key: The KMS key; empty for the default.
    """
    bucket = s3_backends[_account(place)]["aws"].buckets.get(subject.partition("/")[0])
    rule = _default_encryption(bucket)
    default = rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
    # With a bucket key, S3 asks KMS once for the bucket, not for each object.
    by_bucket = str(rule.get("BucketKeyEnabled")).lower() == "true"
    context = {"aws:s3:arn": f"arn:aws:s3:::{subject.partition('/')[0] if by_bucket else subject}"}
    yield from through_service(key or default, actions, service="s3", place=place, context=context)


def on_stored_object(subject: str, *, place: str) -> Iterator[Permission]:
    """Yield the permission to decrypt an object; nothing if it is not encrypted with KMS or does not exist."""
    name, _, key = subject.partition("/")
    bucket = s3_backends[_account(place)]["aws"].buckets.get(name)
    found = bucket.keys.get(key) if bucket is not None else None
    if isinstance(found, FakeKey) and found.kms_key_id:
        yield from on_object(subject, ["Decrypt"], place=place, key=found.kms_key_id)


def _account(place: str) -> str:
    return place.split(":")[1]


def _default_encryption(bucket: FakeBucket | None) -> Mapping[str, Any]:
    rules = (bucket.encryption or {}).get("Rule", []) if bucket else []
    return next(iter(rules if isinstance(rules, list) else [rules]), {})


def on_table(name: str, *, place: str) -> Iterator[Permission]:
    """Yield the permissions for the key of a table."""
    region, account = place.split(":")
    known = dynamodb_backends[account][region].tables.get(name)
    key = (known.sse_specification or {}).get("KMSMasterKeyId") if known else None
    context = {"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": account}
    actions = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
    yield from through_service(key, actions, service="dynamodb", place=place, context=context)


def on_topic(arn: str, *, place: str) -> Iterator[Permission]:
    """Yield the permissions for the key of a topic, to publish."""
    region, account = place.split(":")
    known = sns_backends[account][region].topics.get(arn)
    key = known.kms_master_key_id if known is not None else None
    actions, context = ("Decrypt", "GenerateDataKey"), {"aws:sns:topicArn": arn}
    yield from through_service(key, actions, service="sns", place=place, context=context)


def on_queue(arn: str, actions: Iterable[str], *, place: str) -> Iterator[Permission]:
    """Yield the permissions for the key of a queue."""
    region, account = place.split(":")
    known = sqs_backends[account][region].queues.get(arn.rpartition(":")[2])
    key = getattr(known, "kms_master_key_id", None)
    yield from through_service(key, actions, service="sqs", place=place, context={"aws:sqs:arn": arn})


def through_service(
    key: str | None, actions: Iterable[str], *, service: str, place: str, context: Mapping[str, str]
) -> Iterator[Permission]:
    """Yield the permissions for a key that a service uses in the caller's name.

    Args:
        key: ARN, id or alias of the key; None if there is no key.
        actions: KMS's actions, without the service.
        service: The service: `s3`.
        place: Region and account.
        context: The encryption context.
    """
    if not key or key.rpartition(":")[2].startswith(_MANAGED_BY_AWS):
        return
    region = place.split(":")[0]
    values = {
        "kms:ViaService": f"{service}.{region}.amazonaws.com",
        **{f"kms:EncryptionContext:{name}": value for name, value in context.items()},
    }
    for action in actions:
        yield Permission(f"kms:{action}", key_arn(key, place), values)


def key_arn(key: str, place: str) -> str:
    """Return the ARN of a key. An alias of no key stays as it is: no policy allows it.

    Args:
        key: ARN, id or alias of the key.
        place: Region and account.
    """
    if ":key/" in key:
        return key
    region, account = place.split(":")
    backend = kms_backends[account][region]
    name = backend.any_id_to_key_id(key) or key
    return backend.keys[name].arn if name in backend.keys else key
