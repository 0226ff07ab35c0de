"""How every bucket of this application is built: encrypted, TLS only, private, versioned, and tidied up."""

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
    """A bucket for data, or the bucket for the others' access logs.

    There is no automatic emptying on `cdk destroy`: it takes a custom resource that may delete every object. `cli/aws`
    does it on purpose, with the credentials of whoever calls it.

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
        """Creates the bucket.

        Args:
            scope: The parent.
            construct_id: The bucket's id in it.
            old_versions: How long an overwritten or deleted version stays.
            removal_policy: What becomes of the bucket with its stack.
            key: Encrypts the objects; S3's own key when absent, which is all S3 access logs can be written with.
            access_logs: Bucket for the access logs; without one this is that bucket.
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
        # Whose key it is, no reader of ours could have.
        self._deny_writes("KeysOfTheCaller", {"Null": {f"{ENCRYPTION_HEADER}-customer-algorithm": "false"}})
        if key:
            # A write that asks for no encryption gets the bucket's own, with this key. One that asks for another kind
            # names no key, which is not equal to this one either.
            self._deny_writes(
                "OtherEncryption",
                {
                    "Null": {ENCRYPTION_HEADER: "false"},
                    "StringNotEquals": {f"{ENCRYPTION_HEADER}-aws-kms-key-id": key.key_arn},
                },
            )
        acknowledge(
            self.bucket,
            "NIST.800.53.R5-S3BucketReplicationEnabled",
            "Old versions keep what is overwritten or deleted; demand has its source, and forecasts can be made anew.",
        )
        if key is None:
            acknowledge(
                self.bucket,
                "NIST.800.53.R5-S3DefaultEncryptionKMS",
                "S3 delivers access logs to buckets with its own encryption only.",
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
