"""Policies for tests."""

import json
from typing import Any


def policy(*changes: dict[str, Any]) -> str:
    """Return a policy that allows everything, or one statement for each change of that statement."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**everything, **change} for change in changes]})


def for_principal(principal: object, **changes: Any) -> str:
    """Return a policy of a resource that allows everything to a principal, with changes of the statement."""
    return policy({"Principal": principal, **changes})
