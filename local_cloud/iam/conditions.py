"""Evaluates the conditions of policy statements.

A key that the local cloud does not know, and an operator that it does not know, are errors. Otherwise a condition
could be true here and false on AWS. It knows a key that the request has, such as a claim of a token.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from local_cloud.iam.patterns import arn_matches, matches, refuse_variables

_KEYS = {
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:securetransport",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "iam:passedtoservice",
    "kms:calleraccount",
    "kms:grantisforawsresource",
    "kms:viaservice",
    "s3:prefix",
    "s3:tlsversion",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-server-side-encryption-customer-algorithm",
}
_KEYS_OF_ENCRYPTION_CONTEXTS = "kms:encryptioncontext:"
_IF_EXISTS = "IfExists"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One line of a statement's `Condition`.

    Attributes:
        operator: The operator, e.g. `StringEquals`.
        key: The condition key in lower case: keys ignore the case.
        values: The values in the policy, as text.
    """

    operator: str
    key: str
    values: Sequence[str]

    def holds(self, context: Mapping[str, str]) -> bool:
        """Return whether the condition is true.

        Args:
            context: The values of the request, by key in lower case.

        Raises:
            NotImplementedError: The local cloud does not know the key or the operator.
        """
        if self.key not in {*_KEYS, *context} and not self.key.startswith(_KEYS_OF_ENCRYPTION_CONTEXTS):
            raise NotImplementedError(f"the local cloud does not support the condition key {self.key}")
        for value in self.values:
            refuse_variables(value)
        actual = context.get(self.key)
        if self.operator == "Null":
            return (actual is None) in [value.lower() == "true" for value in self.values]
        name = self.operator.removesuffix(_IF_EXISTS)
        if name not in _COMPARISONS:
            raise NotImplementedError(f"the local cloud does not support the condition operator {self.operator}")
        comparison, negated = _COMPARISONS[name]
        if actual is None:
            return negated or self.operator.endswith(_IF_EXISTS)
        return any(comparison(value, actual) for value in self.values) is not negated


def _equal_without_case(value: str, actual: str) -> bool:
    return value.lower() == actual.lower()


def _numeric(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda value, actual: compare(float(actual), float(value))


# Each operator with its comparison of a value in the policy and the actual value, and whether its result is negated.
_COMPARISONS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "StringEquals": (operator.eq, False),
    "StringNotEquals": (operator.eq, True),
    "StringEqualsIgnoreCase": (_equal_without_case, False),
    "StringNotEqualsIgnoreCase": (_equal_without_case, True),
    "StringLike": (matches, False),
    "StringNotLike": (matches, True),
    "ArnEquals": (arn_matches, False),
    "ArnNotEquals": (arn_matches, True),
    "ArnLike": (arn_matches, False),
    "ArnNotLike": (arn_matches, True),
    "Bool": (_equal_without_case, False),
    "NumericEquals": (_numeric(operator.eq), False),
    "NumericNotEquals": (_numeric(operator.eq), True),
    "NumericLessThan": (_numeric(operator.lt), False),
    "NumericLessThanEquals": (_numeric(operator.le), False),
    "NumericGreaterThan": (_numeric(operator.gt), False),
    "NumericGreaterThanEquals": (_numeric(operator.ge), False),
}
