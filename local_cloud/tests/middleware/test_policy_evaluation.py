"""Policies allow what IAM would allow."""

from typing import Any

import pytest

from local_cloud.middleware.policy_evaluation import Permission, allowing


def statement(**changes: Any) -> dict[str, Any]:
    given = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/forecasts/*"}
    return {**given, **changes}


READ = Permission("s3:GetObject", "arn:aws:s3:::b/forecasts/x/y.parquet")


@pytest.mark.parametrize(
    ("given", "allowed"),
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
def test_actions_and_resources(given: dict[str, Any], allowed: bool) -> None:
    assert (allowing([given], READ) == [0]) is allowed


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


def test_what_is_denied_is_denied_whatever_else_allows_it() -> None:
    denied = statement(Effect="Deny", Resource="*")
    assert allowing([statement(), denied], READ) == []
    assert allowing([statement(), statement(Resource="*")], READ) == [0, 1]


@pytest.mark.parametrize("odd", [{"NotAction": "s3:*"}, {"Condition": {"DateLessThan": {"aws:CurrentTime": "x"}}}])
def test_what_is_not_known_here_is_no_silent_yes(odd: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        allowing([statement(**odd)], Permission(READ.action, READ.resource, {"aws:CurrentTime": "y"}))
