"""Preflight and deployments read their needs from the synthesized application."""

import json

import pytest

from cli.aws.account import Caller
from cli.aws.cloud_assembly import CloudAssembly
from tests.infra.conftest import CODEBUILD, EVERY, PREBUILT, Templates, resources
from tests.synthesis import Assembly

# Dev has no account of its own, so the CDK writes placeholders, which the caller's account replaces.
ACCOUNTS = {"dev": "123456789012", "prod": "444455556666", "partitions": "444455556666", "unusual": "444455556666"}


# CloudFormation creates these only if the service has a service-linked role, or if the caller may create one.
NEED_A_SERVICE_LINKED_ROLE = {
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::Batch::ComputeEnvironment",
    "AWS::DynamoDB::GlobalTable",
    "AWS::ECS::Cluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::Events::Connection",
    "AWS::LakeFormation::Resource",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBInstance",
}


def read(synthesized: dict[str, Assembly], environment: str, arn: str = "arn:aws:iam::1:user/ada") -> CloudAssembly:
    caller = Caller(account=ACCOUNTS[environment], arn=arn)
    return CloudAssembly.read(synthesized[environment].folder, caller=caller, region="eu-central-1")


@pytest.mark.parametrize("environment", ["dev", "prod", "partitions"])
def test_the_needs_of_a_deployment(synthesized: dict[str, Assembly], template: Templates, environment: str) -> None:
    found, account = read(synthesized, environment), ACCOUNTS[environment]
    kinds = ("deploy", "file-publishing", "image-publishing")
    place = f"{account}-eu-central-1"
    assert found.roles == tuple(f"arn:aws:iam::{account}:role/cdk-hnb659fds-{kind}-role-{place}" for kind in kinds)
    assert found.execution_role == f"arn:aws:iam::{account}:role/cdk-hnb659fds-cfn-exec-role-{place}"
    assert found.buckets == (f"cdk-hnb659fds-assets-{place}",)
    assert (found.bootstrap_parameter, found.bootstrap_version) == ("/cdk-bootstrap/hnb659fds/version", 6)
    (image,) = found.images
    assert image.repository == f"cdk-hnb659fds-container-assets-{place}"
    assert image.tag == image.asset
    assert found.functions == len(resources(template(environment, "forecast"), "AWS::Lambda::Function"))


def test_a_prebuilt_image_needs_no_docker(synthesized: dict[str, Assembly], template: Templates) -> None:
    assert PREBUILT in str(template("unusual", "forecast"))
    found = read(synthesized, "unusual")
    assert found.images == ()
    assert not any("image-publishing" in role for role in found.roles)


def test_the_partition_is_the_callers(synthesized: dict[str, Assembly]) -> None:
    found = read(synthesized, "dev", "arn:aws-us-gov:iam::1:user/ada")
    assert all(role.startswith("arn:aws-us-gov:iam::123456789012:role/") for role in found.roles)


@pytest.mark.parametrize("environment", [*EVERY, "unusual", CODEBUILD])
def test_no_resource_needs_a_service_linked_role(synthesized: dict[str, Assembly], environment: str) -> None:
    """Otherwise Preflight must check before the first deployment that the role exists or can be created."""
    templates = [json.loads(path.read_text()) for path in synthesized[environment].folder.glob("*.template.json")]
    types = {resource["Type"] for template in templates for resource in template["Resources"].values()}
    assert "AWS::DynamoDB::Table" in types
    assert types & NEED_A_SERVICE_LINKED_ROLE == set()
