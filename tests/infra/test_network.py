"""What the training job can reach."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.conftest import readable, resources
from tests.synthesis import Assembly

Templates = Callable[[str, str], dict[str, Any]]
Definition = Callable[[str], dict[str, Any]]


def requests(definition: dict[str, Any]) -> list[dict[str, Any]]:
    states = [state for state in definition["States"].values() if "createTrainingJob" in state.get("Resource", "")]
    assert states
    return [state["Parameters"] for state in states]


@pytest.mark.parametrize("environment", ["staging", "prod"])
def test_every_machine_is_in_the_isolated_network(definition: Definition, environment: str) -> None:
    for request in requests(definition(environment)):
        assert request["VpcConfig"] == {
            "Subnets": ["<NetworkSubnet1>", "<NetworkSubnet2>"],
            "SecurityGroupIds": ["<NetworkMachines.GroupId>"],
        }


def test_there_is_no_way_out_but_to_the_two_buckets(template: Templates) -> None:
    every = template("prod", "forecast")
    kinds = {each["Type"] for each in every["Resources"].values() if each["Type"].startswith("AWS::EC2::")}
    assert {kind.removeprefix("AWS::EC2::") for kind in kinds} == {
        "FlowLog",
        "RouteTable",
        "SecurityGroup",
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
    assert [(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [
        ("tcp", 443, 443)
    ]


def test_the_endpoint_lets_through_what_the_job_may_do(template: Templates) -> None:
    every = template("prod", "forecast")
    (endpoint,) = resources(every, "AWS::EC2::VPCEndpoint").values()
    policy = resources(every, "AWS::IAM::Policy")["TrainingPolicy"]["PolicyDocument"]
    actions = {
        action
        for statement in policy["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        if action.startswith("s3:")
    }
    assert set(endpoint["PolicyDocument"]["Statement"][0]["Action"]) == actions


def test_the_network_spans_two_zones_that_the_deployment_finds(template: Templates) -> None:
    every = template("prod", "forecast")
    assert [subnet["AvailabilityZone"] for subnet in resources(every, "AWS::EC2::Subnet").values()] == [
        {"Fn::Select": [zone, {"Fn::GetAZs": ""}]} for zone in (0, 1)
    ]
    associations = resources(every, "AWS::EC2::SubnetRouteTableAssociation").values()
    assert [readable(each["SubnetId"]) for each in associations] == [
        "<NetworkSubnet1>",
        "<NetworkSubnet2>",
    ]


def test_traffic_is_logged(template: Templates) -> None:
    (log,) = (readable(each) for each in resources(template("prod", "forecast"), "AWS::EC2::FlowLog").values())
    assert (log["ResourceId"], log["TrafficType"]) == ("<NetworkVpc>", "ALL")
    assert log["LogGroupName"] == "<FlowLogsGroup>"


def test_dev_has_no_network(template: Templates, definition: Definition) -> None:
    assert not any(each["Type"].startswith("AWS::EC2") for each in template("dev", "forecast")["Resources"].values())
    assert not any("VpcConfig" in request for request in requests(definition("dev")))
    assert "ec2:" not in str(resources(template("dev", "forecast"), "AWS::IAM::Policy"))


def test_a_network_that_is_there_is_used(synthesised: dict[str, Assembly]) -> None:
    every = synthesised["unusual"].template("prod", "forecast")
    assert not any(each["Type"].startswith("AWS::EC2") for each in every["Resources"].values())
    machine = readable(resources(every, "AWS::StepFunctions::StateMachine")["WorkflowStateMachine"]["DefinitionString"])
    given = '"VpcConfig":{"Subnets":["subnet-01234567","subnet-89abcdef"],"SecurityGroupIds":["sg-01234567"]}'
    assert machine.count(given) == machine.count("createTrainingJob") > 0
    statements = readable(resources(every, "AWS::IAM::Policy")["TrainingPolicy"]["PolicyDocument"]["Statement"])
    (connect,) = [statement for statement in statements if statement["Action"] == "ec2:CreateNetworkInterface"]
    place = "arn:aws:ec2:eu-central-1:444455556666"
    assert connect["Resource"] == [
        f"{place}:network-interface/*",
        f"{place}:security-group/sg-01234567",
        f"{place}:subnet/subnet-01234567",
        f"{place}:subnet/subnet-89abcdef",
    ]
