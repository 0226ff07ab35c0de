"""Stateful resources keep their identity: CloudFormation replaces a resource with a new logical id or name.

A changed line here means that a deployment replaces the resource. Save its data first.
"""

from typing import Any

import pytest

from infra.settings.loader import load_settings
from tests.infra.conftest import ENVIRONMENTS, EVERY, PARTITIONS, Templates, deployed_as, description
from tests.synthesis import ROOT

Identity = tuple[str, dict[str, Any]]

REGISTRY_KEY = [
    {"AttributeName": "partition", "KeyType": "HASH"},
    {"AttributeName": "cutoff", "KeyType": "RANGE"},
]
# By logical id: the type without AWS::, and the properties that cannot change without a replacement.
HOLDING: dict[str, dict[str, Identity]] = {
    "data": {
        "EncryptionKey3A692D6E": ("KMS::Key", {}),
        "EncryptionKeyAlias1DF1C985": ("KMS::Alias", {"AliasName": "alias/<name>"}),
        "AccessLogsBucketCD784A59": ("S3::Bucket", {}),
        "DemandBucket4F54D2B2": ("S3::Bucket", {}),
        "ForecastsBucket3A211FF0": ("S3::Bucket", {}),
        "RunRegistryTable67FEF89C": ("DynamoDB::Table", {"TableName": "<name>-runs", "KeySchema": REGISTRY_KEY}),
        "CatalogDatabaseE63956BB": ("Glue::Database", {}),
        "CatalogWorkgroupB2972C84": ("Athena::WorkGroup", {"Name": "<name>"}),
    },
    "forecast": {
        "MessagesKey3953FBDA": ("KMS::Key", {}),
        "MessagesKeyAlias76315438": ("KMS::Alias", {"AliasName": "alias/<name>-messages"}),
        "OutcomesTopic31A21417": ("SNS::Topic", {"TopicName": "<name>-outcomes"}),
        "UndeliveredF3CF66A9": ("SQS::Queue", {"QueueName": "<name>-undelivered"}),
        "ScheduleMissedStarts428DEABD": ("SQS::Queue", {"QueueName": "<name>-missed-starts"}),
        "WorkflowStateMachine8F1B1C15": ("StepFunctions::StateMachine", {"StateMachineName": "<name>-forecast"}),
        "WorkflowLogsGroup3F3868B0": (
            "Logs::LogGroup",
            {"LogGroupName": "/aws/vendedlogs/states/<name>-forecast"},
        ),
        "QualityGateLogsGroupB807CDE2": ("Logs::LogGroup", {}),
        "CheckDeadlineLogsGroup744741B4": ("Logs::LogGroup", {}),
        "CheckRunLogsGroupCBF135F0": ("Logs::LogGroup", {}),
        "ClaimLogsGroup43E46493": ("Logs::LogGroup", {}),
        "CloseRunLogsGroup6536AC59": ("Logs::LogGroup", {}),
        "FailExecutionLogsGroup7FEB1421": ("Logs::LogGroup", {}),
        "ExplainFailureLogsGroupE948B380": ("Logs::LogGroup", {}),
        "PlanLogsGroup7D0C1725": ("Logs::LogGroup", {}),
        "PreflightLogsGroupB47FDA1C": ("Logs::LogGroup", {}),
        "PublishLogsGroup32A61986": ("Logs::LogGroup", {}),
        "RunsWidgetLogsGroupB24CAD66": ("Logs::LogGroup", {}),
    },
}
OF_THE_NETWORK: dict[str, Identity] = {"FlowLogsGroupFE1E692E": ("Logs::LogGroup", {})}
OF_THE_FLEET: dict[str, Identity] = {"PlanFleetLogsGroupE8C19651": ("Logs::LogGroup", {})}
OF_PARTITIONS: dict[str, Identity] = {
    "PartitionsStateMachineAF528108": ("StepFunctions::StateMachine", {"StateMachineName": "<name>-partitions"}),
    "PartitionsLogsGroupCFB3B8B5": ("Logs::LogGroup", {"LogGroupName": "/aws/vendedlogs/states/<name>-partitions"}),
    "PlanPartitionsLogsGroupA4A38E92": ("Logs::LogGroup", {}),
    "SummarizePartitionsLogsGroupB9CDADA2": ("Logs::LogGroup", {}),
}
# Stateless types, whose replacement loses nothing.
HOLDING_NOTHING = {
    "Budgets::Budget",
    "CDK::Metadata",
    "CloudWatch::Alarm",
    "CloudWatch::Dashboard",
    "EC2::FlowLog",
    "EC2::RouteTable",
    "EC2::SecurityGroup",
    "EC2::SecurityGroupEgress",
    "EC2::SecurityGroupIngress",
    "EC2::Subnet",
    "EC2::SubnetRouteTableAssociation",
    "EC2::VPC",
    "EC2::VPCEndpoint",
    "Events::Rule",
    "IAM::Policy",
    "IAM::Role",
    "Lambda::Function",
    "Lambda::Permission",
    "S3::BucketPolicy",
    "SNS::Subscription",
    "SNS::TopicPolicy",
    "SQS::QueuePolicy",
    "Scheduler::Schedule",
}


def identity(resource: dict[str, Any], name: str) -> Identity:
    """Return the type, and the properties that CloudFormation's schema does not allow to change in place."""
    schema = description(resource["Type"])
    fixed = [*schema.get("createOnlyProperties", []), *schema.get("conditionalCreateOnlyProperties", [])]
    properties = resource.get("Properties", {})
    present = {path.removeprefix("/properties/") for path in fixed} & properties.keys()
    values = {key: properties[key] for key in present}
    return (
        resource["Type"].removeprefix("AWS::"),
        {key: value.replace(name, "<name>") if isinstance(value, str) else value for key, value in values.items()},
    )


@pytest.mark.parametrize("environment", EVERY)
@pytest.mark.parametrize("stack", ["data", "forecast"])
def test_stateful_resources_keep_their_identity(template: Templates, environment: str, stack: str) -> None:
    settings = load_settings(deployed_as(environment), ROOT / "environments")
    actual = {
        logical_id: identity(resource, settings.name)
        for logical_id, resource in template(environment, stack)["Resources"].items()
        if resource["Type"].removeprefix("AWS::") not in HOLDING_NOTHING
    }
    expected = dict(HOLDING[stack])
    if stack == "forecast":
        expected |= OF_THE_NETWORK if settings.network is not None else {}
        expected |= OF_THE_FLEET if settings.fleet is not None else {}
        expected |= OF_PARTITIONS if environment == PARTITIONS else {}
    assert actual == expected


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_glue_database_keeps_its_name(template: Templates, environment: str) -> None:
    """The name is nested in another property, so the schema does not list it."""
    database = template(environment, "data")["Resources"]["CatalogDatabaseE63956BB"]["Properties"]
    assert database["DatabaseInput"]["Name"] == f"onejob_{environment}"
