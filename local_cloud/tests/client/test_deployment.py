"""A cloud assembly deployed with boto3 has all its resources."""

import copy
import json
from pathlib import Path

import pytest

from local_cloud import DeploymentError, LocalCloud
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.templates import STACK, base_template


def test_every_resource_type_has_a_name_and_an_arn(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    place = f"{cloud.region}:{cloud.account}"
    assert outputs["MachineArn"].startswith(f"arn:aws:states:{place}:stateMachine:")
    assert outputs["ScheduleArn"] == f"arn:aws:scheduler:{place}:schedule/example-group/weekly"
    assert outputs["AlarmArn"].startswith(f"arn:aws:cloudwatch:{place}:compositealarm/")
    description = cloud.client("kms").describe_key(KeyId="alias/example")
    assert description["KeyMetadata"]["Arn"] == outputs["KeyArn"]


def test_a_deny_whose_condition_is_false_has_no_effect(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    put = cloud.client("s3").put_object(Bucket=outputs["BucketName"], Key="free", Body=b"")
    assert put["ServerSideEncryption"] == "aws:kms"


def test_get_schedule_returns_a_deployed_schedule(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    schedule = cloud.client("scheduler").get_schedule(GroupName="example-group", Name="weekly")
    assert schedule["ScheduleExpression"] == "cron(0 6 ? * MON *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["State"] == "ENABLED"
    assert schedule["Target"]["Arn"] == outputs["MachineArn"]
    assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 2}


def test_a_second_deployment_updates_changed_resources(cloud: LocalCloud, tmp_path: Path) -> None:
    template = base_template()
    del template["Resources"]["KeyAlias"]
    template["Resources"]["Group"]["Properties"]["Name"] = "second-group"
    first = cloud.deploy(write_assembly(tmp_path, template, stack="second"))["second"]
    assert cloud.deploy(tmp_path)["second"] == first
    changed = copy.deepcopy(template)
    changed["Resources"]["Schedule"]["Properties"]["ScheduleExpression"] = "cron(0 7 ? * TUE *)"
    changed["Resources"]["Function"]["Properties"]["Environment"]["Variables"]["COLOR"] = "green"
    definition = {"StartAt": "Other", "States": {"Other": {"Type": "Pass", "End": True}}}
    changed["Resources"]["Machine"]["Properties"]["DefinitionString"] = json.dumps(definition)
    second = cloud.deploy(write_assembly(tmp_path, changed, stack="second"))["second"]
    assert second == first
    schedule = cloud.client("scheduler").get_schedule(GroupName="second-group", Name="weekly")
    assert schedule["ScheduleExpression"] == "cron(0 7 ? * TUE *)"
    machine = cloud.client("stepfunctions").describe_state_machine(stateMachineArn=second["MachineArn"])
    assert json.loads(machine["definition"]) == definition
    function = cloud.client("lambda").get_function_configuration(FunctionName=second["FunctionArn"])
    assert function["Environment"]["Variables"]["COLOR"] == "green"
    cloud.client("cloudformation").delete_stack(StackName="second")
    groups = cloud.client("scheduler").list_schedule_groups()["ScheduleGroups"]
    assert "second-group" not in {group["Name"] for group in groups}


def test_a_deleted_stack_keeps_its_outputs_and_restores_no_resources(cloud: LocalCloud, tmp_path: Path) -> None:
    bucket = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete"}
    output = {"Value": {"Ref": "Bucket"}, "Export": {"Name": "the-bucket"}}
    template = {"Resources": {"Bucket": bucket}, "Outputs": {"Name": output}}
    outputs = cloud.deploy(write_assembly(tmp_path, template, stack="third"))["third"]
    cloudformation = cloud.client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName="third")["Stacks"]
    cloudformation.delete_stack(StackName="third")
    (deleted,) = cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"]
    assert deleted["StackStatus"] == "DELETE_COMPLETE"
    assert deleted["Outputs"] == stack["Outputs"]
    assert outputs["Name"] not in {bucket["Name"] for bucket in cloud.client("s3").list_buckets()["Buckets"]}


def test_a_stack_for_another_account_is_refused(cloud: LocalCloud, tmp_path: Path) -> None:
    folder = write_assembly(tmp_path, {"Resources": {}}, stack="elsewhere")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["artifacts"]["elsewhere"]["environment"] = "aws://111111111111/us-east-1"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DeploymentError, match=r"elsewhere is for 111111111111/us-east-1.*LocalCloud\(account"):
        cloud.deploy(folder)


def test_a_folder_without_an_assembly_is_refused(cloud: LocalCloud, tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match="no manifest"):
        cloud.deploy(tmp_path)


def test_a_failed_stack_reports_the_cause(cloud: LocalCloud, tmp_path: Path) -> None:
    template = {"Resources": {}, "Outputs": {"Lost": {"Value": {"Fn::ImportValue": "missing-export"}}}}
    with pytest.raises(DeploymentError, match=r"stack broken: .*missing-export"):
        cloud.deploy(write_assembly(tmp_path, template, stack="broken"))


def test_the_log_names_recorded_types_once(cloud: LocalCloud, outputs: dict[str, str]) -> None:
    assert STACK
    assert outputs
    log = cloud.log_file.read_text()
    assert log.count("AWS::CloudWatch::CompositeAlarm is recorded only") == 1
