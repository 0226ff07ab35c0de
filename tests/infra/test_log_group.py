"""The retentions of the settings and the CDK's names of them."""

import enum
import runpy
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template

from infra.common import log_group
from infra.settings.environment import LOG_DAYS


def test_every_retention_maps_to_its_days() -> None:
    stack = cdk.Stack()
    for days in LOG_DAYS:
        logs.LogGroup(stack, f"Group{days}", log_group_name=str(days), retention=log_group.RETENTION[days])
    groups: dict[str, Any] = dict(Template.from_stack(stack).find_resources("AWS::Logs::LogGroup"))
    actual = {group["Properties"]["LogGroupName"]: group["Properties"]["RetentionInDays"] for group in groups.values()}
    assert actual == {str(days): days for days in LOG_DAYS}


def test_a_new_retention_of_cloudwatch_does_not_change_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["TWO_DAYS", *logs.RetentionDays.__members__]
    monkeypatch.setattr(logs, "RetentionDays", enum.Enum("RetentionDays", {name: name for name in names}))
    loaded = runpy.run_path(log_group.__file__)["RETENTION"]
    assert {days: choice.name for days, choice in loaded.items()} == {
        days: choice.name for days, choice in log_group.RETENTION.items()
    }
