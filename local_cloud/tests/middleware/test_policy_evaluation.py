"""Policies allow the calls that IAM allows."""

from typing import Any

import pytest

from local_cloud.middleware.policy_evaluation import Permission, allowing


def statement(**changes: Any) -> dict[str, Any]:
    base = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/forecasts/*"}
    return {**base, **changes}


READ = Permission("s3:GetObject", "arn:aws:s3:::b/forecasts/x/y.parquet")


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        (statement(), True),
        (statement(Action=["s3:PutObject", "s3:getobject"]), True),
        (statement(Action="s3:*"), True),
        (statement(Action="s3:Get*", Resource="*"), True),
        (statement(Action="s3:PutObject"), False),
        (statement(Resource="arn:aws:s3:::b/forecasts"), False),
        (statement(Resource=["arn:aws:s3:::a/*", "arn:aws:s3:::b/*/x/?.parquet"]), True),
        (statement(Resource="arn:aws:s3:::b/forecasts/x/y.parque?"), True),
        (statement(Resource="arn:aws:s3:::b/forecasts/x/y+parquet"), False),
    ],
)
def test_actions_and_resources(policy: dict[str, Any], allowed: bool) -> None:
    assert (allowing([policy], READ) == [0]) is allowed


@pytest.mark.parametrize(
    ("condition", "context", "holds"),
    [
        ({"StringLike": {"s3:prefix": ["demand/*", "static/*"]}}, {"s3:prefix": "static/a"}, True),
        ({"StringLike": {"s3:prefix": "demand/*"}}, {"s3:prefix": "forecasts/"}, False),
        ({"StringLike": {"s3:prefix": "demand/*"}}, {}, False),
        ({"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}, {"iam:PassedToService": "x"}, False),
        ({"Bool": {"kms:GrantIsForAWSResource": True}}, {"kms:GrantIsForAWSResource": "true"}, True),
        ({"StringEquals": {"a": "1"}, "Bool": {"b": "true"}}, {"a": "1", "b": "false"}, False),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, str], holds: bool) -> None:
    needed = Permission(READ.action, READ.resource, context)
    assert (allowing([statement(Condition=condition)], needed) == [0]) is holds


def test_a_deny_overrides_every_allow() -> None:
    denied = statement(Effect="Deny", Resource="*")
    assert allowing([statement(), denied], READ) == []
    assert allowing([statement(), statement(Resource="*")], READ) == [0, 1]


@pytest.mark.parametrize("odd", [{"NotAction": "s3:*"}, {"Condition": {"DateLessThan": {"aws:CurrentTime": "x"}}}])
def test_unsupported_statements_raise(odd: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        allowing([statement(**odd)], Permission(READ.action, READ.resource, {"aws:CurrentTime": "y"}))
