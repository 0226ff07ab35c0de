"""The template of the example stack."""

import json
from typing import Any

from local_cloud.tests.assembly_writer import asset_bucket, image_uri

STACK = "example"
_ACCOUNT = {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}
_KEY_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": _ACCOUNT, "Action": "kms:*", "Resource": "*"}],
}
_SCHEDULER = {"Service": "scheduler.amazonaws.com"}
_TRUST_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": _SCHEDULER, "Action": "sts:AssumeRole"}],
}


def base_template() -> dict[str, Any]:
    """Return a template with one resource of most types in use, and with types that are only recorded."""
    resources = {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": _KEY_POLICY}},
        "KeyAlias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/example", "TargetKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
                            }
                        }
                    ]
                }
            },
        },
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": "*",
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": _TRUST_POLICY},
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": asset_bucket(), "S3Key": "function.zip"},
                "Handler": "handler.handle",
                "Runtime": "python3.12",
                "Timeout": 2,
                "MemorySize": 256,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "Environment": {"Variables": {"COLOR": "blue"}},
            },
        },
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}},
        "Alarm": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "Properties": {"AlarmRule": "TRUE", "AlarmActions": [{"Ref": "Topic"}]},
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": json.dumps({"StartAt": "Only", "States": {"Only": {"Type": "Pass", "End": True}}}),
            },
        },
        "Group": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": "example-group"}},
        "Schedule": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "Name": "weekly",
                "GroupName": {"Ref": "Group"},
                "ScheduleExpression": "cron(0 6 ? * MON *)",
                "ScheduleExpressionTimezone": "Europe/Berlin",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "State": "ENABLED",
                "Target": {
                    "Arn": {"Ref": "Machine"},
                    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                    "Input": '{"scheduled_time":"<aws.scheduler.scheduled-time>"}',
                    "RetryPolicy": {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 2},
                },
            },
        },
        "Metadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}},
    }
    outputs = {
        "BucketName": {"Value": {"Ref": "Bucket"}},
        "RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}},
        "FunctionArn": {"Value": {"Fn::GetAtt": ["Function", "Arn"]}},
        "TopicArn": {"Value": {"Ref": "Topic"}},
        "AlarmArn": {"Value": {"Fn::GetAtt": ["Alarm", "Arn"]}},
        "KeyArn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}},
        "MachineArn": {"Value": {"Fn::GetAtt": ["Machine", "Arn"]}},
        "ScheduleArn": {"Value": {"Fn::GetAtt": ["Schedule", "Arn"]}},
        "ImageUri": {"Value": image_uri(STACK)},
    }
    parameter = {
        "Type": "AWS::SSM::Parameter::Value<String>",
        "Default": "/cdk-bootstrap/hnb659fds/version",
        "Description": "Version of the bootstrap resources [cdk:skip]",
    }
    return {"Resources": resources, "Outputs": outputs, "Parameters": {"BootstrapVersion": parameter}}
