"""Builds every bucket of the application: encrypted, TLS only, private, versioned, and with lifecycle rules."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.common.nag import acknowledge

ABANDONED_UPLOADS = Duration.days(3)
ENCRYPTION_HEADER = "s3:x-amz-server-side-encryption"


class EncryptedBucket(Construct):
    """A data bucket, or the bucket for the access logs of the data buckets.

    `cdk destroy` does not empty the bucket, because that needs a custom resource that may delete every object.
    `cli/aws` empties it, with the credentials of its user.

    Attributes:
        bucket: The bucket.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        old_versions: Duration,
        removal_policy: RemovalPolicy,
        key: kms.IKey | None = None,
        access_logs: s3.IBucket | None = None,
        expirations: Sequence[s3.LifecycleRule] = (),
    ) -> None:
        """Create the bucket.

        Args:
            scope: The parent.
            construct_id: The bucket's id in it.
            old_versions: Retention of overwritten or deleted versions.
            removal_policy: Deletes or keeps the bucket when its stack is deleted.
            key: Key that encrypts the objects. None means S3's own key, the only one that S3 access logs support.
            access_logs: Bucket for the access logs; None for the access-log bucket itself.
            expirations: Further lifecycle rules.
        """
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
            encryption_key=key,
            bucket_key_enabled=True if key else None,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=access_logs,
            server_access_logs_prefix=f"{construct_id.lower()}/" if access_logs else None,
            removal_policy=removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="old-versions",
                    noncurrent_version_expiration=old_versions,
                    expired_object_delete_marker=True,
                ),
                s3.LifecycleRule(id="abandoned-uploads", abort_incomplete_multipart_upload_after=ABANDONED_UPLOADS),
                *expirations,
            ],
        )
        # No reader of the application has a key that the caller provides.
        self._deny_writes("DenyCustomerKeys", {"Null": {f"{ENCRYPTION_HEADER}-customer-algorithm": "false"}})
        if key:
            # A write without an encryption header gets the bucket's encryption with this key. A write that requests
            # another kind has no key id. A missing key id is not equal to this key, so S3 denies the write.
            self._deny_writes(
                "DenyOtherEncryption",
                {
                    "Null": {ENCRYPTION_HEADER: "false"},
                    "StringNotEquals": {f"{ENCRYPTION_HEADER}-aws-kms-key-id": key.key_arn},
                },
            )
            acknowledge(
                self.bucket,
                "parliament-MISMATCHED_TYPE_BUT_USABLE",
                reason="A header may have a key's id or alias, which is no ARN. The bucket accepts the full ARN alone.",
            )
        acknowledge(
            self.bucket,
            "NIST.800.53.R5-S3BucketReplicationEnabled",
            reason="Versioning keeps overwritten and deleted objects. Demand has a source, and runs can be repeated.",
        )
        acknowledge(
            self.bucket,
            "parliament-UNKNOWN_CONDITION_FOR_ACTION",
            reason="Each request has a TLS version. The reference of two actions in s3:* does not name the condition.",
        )
        if key is None:
            acknowledge(
                self.bucket,
                "NIST.800.53.R5-S3DefaultEncryptionKMS",
                reason="S3 delivers access logs only to buckets with S3-managed encryption.",
            )
        if access_logs is None:
            acknowledge(
                self.bucket,
                "CKV_AWS_18",
                reason="It holds the access logs. An entry in a log of its own would cause the next entry.",
            )

    def _deny_writes(self, sid: str, conditions: Mapping[str, Mapping[str, str]]) -> None:
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions=conditions,
            )
        )
