"""The network of the jobs."""

import json
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest

from contract.limits import MAX_INSTANCES
from tests.infra.conftest import Templates, readable, resources
from tests.synthesis import Assembly

Definition = Callable[[str], dict[str, Any]]

INSTANCES = "<NetworkInstances.GroupId>"
PLACE = "arn:aws:ec2:eu-central-1:444455556666"


def networks(definition: dict[str, Any]) -> list[dict[str, Any] | None]:
    """Return the network configuration of each job, training and processing."""
    requests = [
        state["Parameters"]
        for state in definition["States"].values()
        if "sagemaker:create" in state.get("Resource", "")
    ]
    assert requests
    return [request.get("NetworkConfig", request).get("VpcConfig") for request in requests]


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_every_job_is_in_the_isolated_network(definition: Definition, environment: str) -> None:
    for network in networks(definition(environment)):
        assert network == {
            "Subnets": ["<NetworkSubnet1>", "<NetworkSubnet2>"],
            "SecurityGroupIds": [INSTANCES],
        }


def test_the_network_reaches_only_the_two_buckets(template: Templates) -> None:
    every = template("prod", "forecast")
    kinds = {each["Type"] for each in every["Resources"].values() if each["Type"].startswith("AWS::EC2::")}
    assert {kind.removeprefix("AWS::EC2::") for kind in kinds} == {
        "FlowLog",
        "RouteTable",
        "SecurityGroup",
        "SecurityGroupEgress",
        "SecurityGroupIngress",
        "Subnet",
        "SubnetRouteTableAssociation",
        "VPC",
        "VPCEndpoint",
    }
    (endpoint,) = (readable(each) for each in resources(every, "AWS::EC2::VPCEndpoint").values())
    assert (endpoint["VpcEndpointType"], endpoint["ServiceName"]) == ("Gateway", "com.amazonaws.eu-central-1.s3")
    assert endpoint["RouteTableIds"] == ["<NetworkRoutes>"]
    (statement,) = endpoint["PolicyDocument"]["Statement"]
    assert statement["Resource"] == [
        f"<{bucket}Bucket.Arn>{objects}" for objects in ("", "/*") for bucket in ("Demand", "Forecasts")
    ]
    (group,) = resources(every, "AWS::EC2::SecurityGroup").values()
    assert "SecurityGroupIngress" not in group
    # SageMaker requires that the instances of a job can reach each other.
    for direction, other in (("Ingress", "SourceSecurityGroupId"), ("Egress", "DestinationSecurityGroupId")):
        (rule,) = (readable(each) for each in resources(every, f"AWS::EC2::SecurityGroup{direction}").values())
        assert (rule["IpProtocol"], rule["GroupId"], rule[other]) == ("-1", INSTANCES, INSTANCES)
    assert [(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [
        ("tcp", 443, 443)
    ]


@pytest.mark.parametrize("job", ["TrainingPolicy", "FleetAccessPolicy"])
def test_the_endpoint_allows_exactly_the_jobs_s3_actions(template: Templates, job: str) -> None:
    every = template("prod", "forecast")
    (endpoint,) = resources(every, "AWS::EC2::VPCEndpoint").values()
    policy = resources(every, "AWS::IAM::Policy")[job]["PolicyDocument"]
    actions = {
        action
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("s3:")
    }
    assert set(endpoint["PolicyDocument"]["Statement"][0]["Action"]) == actions


def test_the_network_spans_two_zones_of_the_region(template: Templates) -> None:
    every = template("prod", "forecast")
    assert [subnet["AvailabilityZone"] for subnet in resources(every, "AWS::EC2::Subnet").values()] == [
        {"Fn::Select": [zone, {"Fn::GetAZs": ""}]} for zone in (0, 1)
    ]
    associations = resources(every, "AWS::EC2::SubnetRouteTableAssociation").values()
    assert [readable(each["SubnetId"]) for each in associations] == [
        "<NetworkSubnet1>",
        "<NetworkSubnet2>",
    ]


def test_a_subnet_has_addresses_for_the_largest_fleet(template: Templates) -> None:
    every = template("prod", "forecast")
    for subnet in resources(every, "AWS::EC2::Subnet").values():
        # AWS reserves five addresses of each subnet. SageMaker takes two for each instance.
        assert ip_network(subnet["CidrBlock"]).num_addresses - 5 >= 2 * MAX_INSTANCES


def test_traffic_is_logged(template: Templates) -> None:
    (log,) = (readable(each) for each in resources(template("prod", "forecast"), "AWS::EC2::FlowLog").values())
    assert (log["ResourceId"], log["TrafficType"]) == ("<NetworkVpc>", "ALL")
    assert log["LogGroupName"] == "<FlowLogsGroup>"


def test_dev_has_no_network(template: Templates, definition: Definition) -> None:
    assert not any(each["Type"].startswith("AWS::EC2") for each in template("dev", "forecast")["Resources"].values())
    assert set(networks(definition("dev"))) == {None}
    assert "ec2:" not in str(resources(template("dev", "forecast"), "AWS::IAM::Policy"))


def test_jobs_use_the_given_subnets(synthesized: dict[str, Assembly]) -> None:
    every = synthesized["unusual"].template("prod", "forecast")
    assert not any(each["Type"].startswith("AWS::EC2") for each in every["Resources"].values())
    machine = readable(resources(every, "AWS::StepFunctions::StateMachine")["WorkflowStateMachine"]["DefinitionString"])
    vpc_config = '"VpcConfig":{"Subnets":["subnet-01234567","subnet-89abcdef"],"SecurityGroupIds":["sg-01234567"]}'
    assert machine.count(vpc_config) == len(networks(json.loads(machine)))
    for job in ("TrainingPolicy", "FleetAccessPolicy"):
        statements = readable(resources(every, "AWS::IAM::Policy")[job]["PolicyDocument"]["Statement"])
        (connect,) = [statement for statement in statements if statement["Action"] == "ec2:CreateNetworkInterface"]
        assert connect["Resource"] == [
            f"{PLACE}:network-interface/*",
            f"{PLACE}:security-group/sg-01234567",
            f"{PLACE}:subnet/subnet-01234567",
            f"{PLACE}:subnet/subnet-89abcdef",
        ]
