"""The acceptance looks for every kind of resource that a deployment creates."""

import json

from cli.acceptance.steps.leftovers import KINDS
from tests.synthesis import Assembly

KIND_OF = {
    "AWS::Athena::WorkGroup": "workgroup",
    "AWS::Budgets::Budget": "budget",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::CodeBuild::Project": "build project",
    "AWS::DynamoDB::Table": "table",
    "AWS::EC2::VPC": "network",
    "AWS::ECR::Repository": "repository",
    "AWS::Events::Rule": "rule",
    "AWS::Glue::Database": "database",
    "AWS::IAM::Role": "role",
    "AWS::KMS::Alias": "key alias",
    "AWS::Lambda::Function": "function",
    "AWS::Logs::LogGroup": "log group",
    "AWS::S3::Bucket": "bucket",
    "AWS::SNS::Topic": "topic",
    "AWS::SQS::Queue": "queue",
    "AWS::Scheduler::Schedule": "schedule",
    "AWS::StepFunctions::StateMachine": "state machine",
}
# CloudFormation does not have them; the jobs and CloudFormation itself create them.
OTHERS = {"stack", "log stream"}
# They end with the resource that they belong to. AWS deletes a key after seven days.
PARTS = {
    "AWS::EC2::FlowLog",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCEndpoint",
    "AWS::IAM::Policy",
    "AWS::KMS::Key",
    "AWS::Lambda::Permission",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "Custom::CDKContainerImageBuild",
}


def test_every_kind_of_resource_is_looked_for(synthesized: dict[str, Assembly]) -> None:
    created = {
        resource["Type"]
        for assembly in synthesized.values()
        for file in assembly.folder.glob("*.template.json")
        for resource in json.loads(file.read_text())["Resources"].values()
    }
    assert created <= KIND_OF.keys() | PARTS
    assert {*KIND_OF.values(), *OTHERS} == set(KINDS)
