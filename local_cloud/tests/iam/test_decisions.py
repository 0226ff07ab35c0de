"""Identity policies and resource policies allow the calls that IAM allows within an account."""

from typing import Any

import pytest

from local_cloud.iam.callers import Caller
from local_cloud.iam.decisions import allowing
from local_cloud.iam.statements import Permission, read_policy
from local_cloud.tests.iam.policies import for_principal, policy

ACCOUNT = "123456789012"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ROLE = Caller(name=f"arn:aws:iam::{ACCOUNT}:role/Reader", account=ACCOUNT)
EVENTS = Caller(name="events.amazonaws.com")
READ = Permission("s3:GetObject", "arn:aws:s3:::b/forecasts/x/y.parquet")
DECRYPT = Permission("kms:Decrypt", f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1")
NOTHING = policy()
DENY = {"Effect": "Deny"}


def count(needed: Permission, caller: Caller, identity: str, resource: str = NOTHING) -> int:
    """Return the number of statements that allow the permission."""
    return len(allowing(needed, caller, identity=read_policy(identity), resource=read_policy(resource)))


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ({"Action": ["s3:PutObject", "s3:getobject"]}, True),
        ({"Action": "s3:*"}, True),
        ({"Action": "s3:Get*"}, True),
        ({"Action": "s3:PutObject"}, False),
        ({"Resource": "arn:aws:s3:::b/forecasts/*"}, True),
        ({"Resource": "arn:aws:s3:::b/forecasts"}, False),
        ({"Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*/x/?.parquet"]}, True),
        ({"Resource": "arn:aws:s3:::b/forecasts/x/y+parquet"}, False),
    ],
)
def test_actions_and_resources(statement: dict[str, Any], allowed: bool) -> None:
    assert count(READ, ROLE, policy(statement)) == int(allowed)


@pytest.mark.parametrize(
    ("principal", "caller", "allowed"),
    [
        ("*", ROLE, True),
        ("*", EVENTS, True),
        ({"AWS": "*"}, ROLE, True),
        ({"AWS": ROLE.name}, ROLE, True),
        ({"AWS": [f"arn:aws:iam::{ACCOUNT}:role/Writer"]}, ROLE, False),
        ({"AWS": ROOT}, ROLE, False),  # names the account, which its identity policies represent
        ({"AWS": ROOT}, EVENTS, False),
        ({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}, EVENTS, True),
        ({"Service": "sns.amazonaws.com"}, EVENTS, False),
        ({"Service": "events.amazonaws.com"}, ROLE, False),
    ],
)
def test_principals(principal: object, caller: Caller, allowed: bool) -> None:
    assert count(READ, caller, NOTHING, for_principal(principal)) == int(allowed)


def test_either_policy_is_enough() -> None:
    assert count(READ, ROLE, NOTHING) == 0
    assert count(READ, ROLE, policy({})) == 1
    assert count(READ, ROLE, policy({}), for_principal({"AWS": ROLE.name})) == 2


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ROLE.name}, {"AWS": ROOT}, {"AWS": ACCOUNT}])
def test_a_deny_overrides_every_allow(principal: object) -> None:
    assert count(READ, ROLE, policy({}), for_principal(principal, Effect="Deny")) == 0
    assert count(READ, ROLE, policy({}), for_principal(principal, Effect="Deny", Action="s3:PutObject")) == 1
    assert count(READ, ROLE, policy({}, DENY)) == 0
    assert count(READ, ROLE, policy(DENY), for_principal({"AWS": ROLE.name})) == 0


def test_the_policy_of_a_key_must_allow_the_caller_or_name_the_account() -> None:
    assert count(DECRYPT, ROLE, policy({})) == 0
    assert count(DECRYPT, ROLE, policy({}), for_principal({"AWS": ROOT})) == 1
    assert count(DECRYPT, ROLE, NOTHING, for_principal({"AWS": ROOT})) == 0
    assert count(DECRYPT, ROLE, NOTHING, for_principal({"AWS": ROLE.name})) == 1
    assert count(DECRYPT, ROLE, policy({}), for_principal({"AWS": ROOT}, Action="kms:Encrypt")) == 0
    assert count(DECRYPT, EVENTS, NOTHING, for_principal({"AWS": ROOT})) == 0
    assert count(Permission("kms:CreateKey", "*"), ROLE, policy({})) == 1  # there is no key yet


def test_kms_knows_the_service_only_of_calls_in_the_name_of_a_role() -> None:
    through = Permission(DECRYPT.action, DECRYPT.resource, {"kms:ViaService": "sns.eu-central-1.amazonaws.com"})
    condition = {"StringEquals": {"kms:ViaService": "sns.eu-central-1.amazonaws.com"}}
    assert count(through, ROLE, NOTHING, for_principal("*", Condition=condition)) == 1
    assert count(through, EVENTS, NOTHING, for_principal("*", Condition=condition)) == 0


@pytest.mark.parametrize(
    "odd", [{"NotAction": "s3:*"}, {"NotPrincipal": "*"}, {"Principal": {"CanonicalUser": "x"}}, {"Principal": "x"}]
)
def test_unsupported_statements_raise(odd: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        count(READ, ROLE, NOTHING, policy({"Principal": "*", **odd}))
