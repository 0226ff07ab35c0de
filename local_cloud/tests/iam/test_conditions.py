"""Conditions hold as on AWS, and an unknown key or operator is an error."""

import re
from typing import Any

import pytest

from local_cloud.iam.callers import Caller
from local_cloud.iam.decisions import allowing
from local_cloud.iam.statements import Permission, Statement, read_policy
from local_cloud.tests.iam.policies import policy

ROLE = Caller(name="arn:aws:iam::123456789012:role/Reader", account="123456789012")
TOPIC = "arn:aws:sns:eu-central-1:123456789012:outcomes"
SOURCE = "aws:SourceArn"
PREFIX = "s3:prefix"
KEY = "s3:x-amz-server-side-encryption"


def allowed(condition: dict[str, Any], context: dict[str, str], caller: Caller = ROLE) -> list[Statement]:
    statements = read_policy(policy({"Condition": condition}))
    return allowing(Permission("s3:GetObject", "arn:aws:s3:::b/x", context), caller, identity=statements, resource=())


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringLike": {PREFIX: ["demand/*", "static/*"]}}, {PREFIX: "static/a"}, True),
        ({"StringLike": {PREFIX: "demand/*"}}, {PREFIX: "forecasts/"}, False),
        ({"StringLike": {PREFIX: "demand/*"}}, {}, False),
        ({"StringLikeIfExists": {PREFIX: "demand/*"}}, {}, True),
        ({"StringLikeIfExists": {PREFIX: "demand/*"}}, {PREFIX: "static/"}, False),
        ({"StringEquals": {"S3:Prefix": "a"}}, {PREFIX: "a"}, True),
        ({"StringEquals": {PREFIX: "a"}}, {PREFIX: "A"}, False),
        ({"StringEqualsIgnoreCase": {PREFIX: "a"}}, {PREFIX: "A"}, True),
        ({"StringNotEquals": {PREFIX: ["a", "b"]}}, {PREFIX: "b"}, False),
        ({"StringNotEquals": {PREFIX: ["a", "b"]}}, {PREFIX: "c"}, True),
        ({"StringNotEquals": {PREFIX: "a"}}, {}, True),
        ({"StringNotLike": {PREFIX: "a*"}}, {PREFIX: "ab"}, False),
        ({"Bool": {"kms:GrantIsForAWSResource": True}}, {"kms:GrantIsForAWSResource": "true"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, {}, False),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}, {}, True),
        ({"Null": {KEY: "true"}}, {}, True),
        ({"Null": {KEY: "true"}}, {KEY: "aws:kms"}, False),
        ({"Null": {KEY: False}}, {KEY: "aws:kms"}, True),
        ({"ArnLike": {SOURCE: "arn:aws:sns:*:123456789012:*"}}, {SOURCE: TOPIC}, True),
        ({"ArnEquals": {SOURCE: "arn:aws:sns:eu-*:123456789012:out*"}}, {SOURCE: TOPIC}, True),
        ({"ArnLike": {SOURCE: "arn:aws:*:outcomes"}}, {SOURCE: TOPIC}, False),
        ({"ArnNotLike": {SOURCE: "arn:aws:sns:*:*:*"}}, {SOURCE: TOPIC}, False),
        ({"StringEquals": {"kms:EncryptionContext:a": "1"}}, {"kms:EncryptionContext:a": "1"}, True),
        ({"StringEquals": {"sns:Endpoint": "a"}}, {"sns:Endpoint": "a"}, True),
        ({"StringEquals": {"sns:Endpoint": "a"}}, {"sns:Endpoint": "b"}, False),
        ({"StringEquals": {PREFIX: "1"}, "Bool": {"aws:SecureTransport": "false"}}, {PREFIX: "1"}, False),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, str], holds: bool) -> None:
    assert bool(allowed(condition, context)) is holds


def test_the_values_of_a_caller() -> None:
    of_role = {"aws:PrincipalArn": ROLE.name, "aws:PrincipalAccount": ROLE.account, "kms:CallerAccount": ROLE.account}
    assert allowed({"StringEquals": of_role}, {})
    rule = "arn:aws:events:eu-central-1:123456789012:rule/ended"
    events = Caller(name="events.amazonaws.com", source=rule)
    assert allowed({"ArnEquals": {SOURCE: rule}, "StringEquals": {"aws:SourceAccount": ROLE.account}}, {}, events)
    assert not allowed({"StringEquals": {"aws:SourceAccount": ROLE.account}}, {}, Caller(name=events.name))
    assert not allowed({"StringEquals": {"aws:PrincipalAccount": ROLE.account}}, {}, events)


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ({"DateLessThan": {"aws:PrincipalArn": "2026-01-01"}}, "the condition operator DateLessThan"),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalArn": "x"}}, "the condition operator ForAnyValue:StringEquals"),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, "the condition key aws:sourcevpc"),
        ({"StringEquals": {"aws:PrincipalArn": "${aws:username}"}}, "policy variables: ${aws:username}"),
    ],
)
def test_what_is_not_supported_is_an_error(condition: dict[str, Any], named: str) -> None:
    with pytest.raises(NotImplementedError, match=re.escape(named)):
        allowed(condition, {})
