import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from infra.common.environment_stack import UNPROTECTED
from infra.data_stack import DataStack
from infra.settings.loader import load_settings
from tests.infra.conftest import ENVIRONMENTS, OTHERS, Templates, listed, readable, resources
from tests.synthesis import ROOT

# Resource types whose resources outlive a stack that is deleted, with `removal_policy = "retain"`.
HOLDING_DATA = {
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
}
BUCKETS = ("AccessLogsBucket", "DemandBucket", "ForecastsBucket")


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_buckets_are_encrypted_private_and_versioned_with_lifecycle_rules(
    template: Templates, environment: str
) -> None:
    data = template(environment, "data")
    buckets = resources(data, "AWS::S3::Bucket")
    policies = resources(data, "AWS::S3::BucketPolicy")
    assert tuple(sorted(buckets)) == BUCKETS
    for name, bucket in buckets.items():
        encryption = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        if name == "AccessLogsBucket":
            assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        else:
            rule = readable(encryption)
            assert rule["ServerSideEncryptionByDefault"] == {
                "KMSMasterKeyID": "<EncryptionKey.Arn>",
                "SSEAlgorithm": "aws:kms",
            }
            assert rule["BucketKeyEnabled"] is True
            assert readable(bucket["LoggingConfiguration"]["DestinationBucketName"]) == "<AccessLogsBucket>"
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
        assert rules["abandoned-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}
        assert rules["old-versions"]["NoncurrentVersionExpiration"]["NoncurrentDays"] >= 1
        denied = [
            (statement["Action"], readable(statement["Condition"]))
            for statement in policies[f"{name}Policy"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny" and statement["Principal"] == {"AWS": "*"}
        ]
        assert ("s3:*", {"Bool": {"aws:SecureTransport": "false"}}) in denied
        assert ("s3:*", {"NumericLessThan": {"s3:TlsVersion": 1.2}}) in denied
        # S3's semantics of the conditions: the header is present, and a missing value is not equal to any value.
        header = "s3:x-amz-server-side-encryption"
        assert ("s3:PutObject", {"Null": {f"{header}-customer-algorithm": "false"}}) in denied
        other = {"Null": {header: "false"}, "StringNotEquals": {f"{header}-aws-kms-key-id": "<EncryptionKey.Arn>"}}
        assert (("s3:PutObject", other) in denied) is (name != "AccessLogsBucket")


def test_only_intermediate_objects_expire_in_the_forecast_bucket(template: Templates) -> None:
    bucket = resources(template("prod", "data"), "AWS::S3::Bucket")["ForecastsBucket"]
    expiring = [rule for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule]
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in expiring] == [
        ("training-output/", 30),
        ("handover/", 30),
        ("athena-results/", 7),
    ]


def test_the_registry_is_protected_and_has_point_in_time_recovery(template: Templates) -> None:
    for environment, kept in (("dev", False), ("prod", True)):
        every = template(environment, "data")["Resources"].values()
        (resource,) = [each for each in every if each["Type"] == "AWS::DynamoDB::Table"]
        table = readable(resource["Properties"])
        assert table["TableName"] == f"onejob-{environment}-runs"
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"]["KMSMasterKeyId"] == "<EncryptionKey.Arn>"
        assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
            ("partition", "HASH"),
            ("cutoff", "RANGE"),
        ]
        assert table.get("DeletionProtectionEnabled", False) is kept
        assert resource["DeletionPolicy"] == ("RetainExceptOnCreate" if kept else "Delete")
        assert resource["UpdateReplacePolicy"] == ("Retain" if kept else "Delete")


def test_queries_have_a_scan_limit_and_encrypted_results(template: Templates) -> None:
    (workgroup,) = (readable(each) for each in resources(template("prod", "data"), "AWS::Athena::WorkGroup").values())
    configuration = workgroup["WorkGroupConfiguration"]
    assert configuration["BytesScannedCutoffPerQuery"] == 100_000_000_000
    assert configuration["EnforceWorkGroupConfiguration"] is True
    result = configuration["ResultConfiguration"]
    assert result["OutputLocation"] == "s3://<ForecastsBucket>/athena-results/"
    assert result["EncryptionConfiguration"] == {"EncryptionOption": "SSE_KMS", "KmsKey": "<EncryptionKey.Arn>"}
    (database,) = resources(template("prod", "data"), "AWS::Glue::Database").values()
    assert database["DatabaseInput"]["Name"] == "onejob_prod"


def test_the_data_key_rotates_and_allows_only_log_groups_of_the_environment(template: Templates) -> None:
    key = resources(template("prod", "data"), "AWS::KMS::Key")["EncryptionKey"]
    assert key["EnableKeyRotation"] is True
    statements = {statement.get("Sid", ""): statement for statement in key["KeyPolicy"]["Statement"]}
    assert statements["AllowCloudWatchLogs"]["Condition"] == {
        "ArnLike": {
            "kms:EncryptionContext:aws:logs:arn": [
                "arn:aws:logs:eu-central-1:444455556666:log-group:onejob-prod-*",
                "arn:aws:logs:eu-central-1:444455556666:log-group:/aws/vendedlogs/states/onejob-prod-*",
            ]
        }
    }
    assert services_of(key) == {"logs.eu-central-1.amazonaws.com"}


def test_the_messages_key_rotates_and_allows_the_publishers(template: Templates) -> None:
    key = resources(template("prod", "forecast"), "AWS::KMS::Key")["MessagesKey"]
    assert key["EnableKeyRotation"] is True
    assert services_of(key) == {f"{service}.amazonaws.com" for service in ("cloudwatch", "events", "budgets")}


def services_of(key: dict[str, Any]) -> set[str]:
    return {
        str(service)
        for statement in key["KeyPolicy"]["Statement"]
        for service in listed(statement["Principal"].get("Service", []))
    }


def test_a_first_deployment_is_not_protected(tmp_path: Path) -> None:
    """The CDK CLI turns protection on before it creates the stack, and could then not remove a failed creation."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = cdk.App(outdir=str(tmp_path), context={**context, UNPROTECTED: "Data,Forecast"})
    stack = DataStack(app, "Data", settings=load_settings("prod", ROOT / "environments"))
    assert stack.termination_protection is False
    app.synth()
    (table,) = resources(json.loads((tmp_path / "Data.template.json").read_text()), "AWS::DynamoDB::Table").values()
    assert not table.get("DeletionProtectionEnabled")


@pytest.mark.parametrize("environment", [*ENVIRONMENTS, *OTHERS])
def test_deletion_policy_of_every_resource(template: Templates, environment: str) -> None:
    """A creation that is rolled back keeps nothing, so that the next one finds its names free."""
    kept = "Delete" if environment in ("dev", "staging") else "RetainExceptOnCreate"
    for stack in ("data", "forecast"):
        for logical_id, resource in template(environment, stack)["Resources"].items():
            policy = resource.get("DeletionPolicy", "Delete")
            assert policy == (kept if resource["Type"] in HOLDING_DATA else "Delete"), logical_id


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_custom_resources(template: Templates, environment: str) -> None:
    for stack in ("data", "forecast"):
        kinds = {resource["Type"] for resource in template(environment, stack)["Resources"].values()}
        assert not {kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))}


def test_outputs(template: Templates) -> None:
    outputs = {name: readable(output["Value"]) for name, output in template("dev", "data")["Outputs"].items()}
    assert {name: outputs[name] for name in ("DemandUri", "StaticUri", "ForecastBucket")} == {
        "DemandUri": "s3://<DemandBucket>/demand/",
        "StaticUri": "s3://<DemandBucket>/static/",
        "ForecastBucket": "<ForecastsBucket>",
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_everything_is_tagged(template: Templates, environment: str) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::KMS::Key"):
        for properties in resources(template(environment, "data"), kind).values():
            tags = {tag["Key"]: tag["Value"] for tag in properties["Tags"]}
            assert tags.items() >= {"application": "onejob", "environment": environment}.items()
