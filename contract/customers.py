"""Names of customers in S3 keys, in `TargetModel` and in IAM patterns.

A customer is a group of series with the same first key columns. Its values may have any character, and a key must not
mean a pattern, a folder or another customer. So a name has only small letters, digits, `-`, `_` and `.`. Each other
byte becomes `=` and two hexadecimal digits, as in quoted-printable text. So `Acme` and `acme` are two files on every
computer.
"""

import hashlib
import re
from collections.abc import Sequence

MAX_NAME = 200  # bytes
KEPT_OF_LONG = 160
BETWEEN = ","  # the values of several key columns
SUFFIX = ".tar.gz"
_PLAIN = re.compile(rb"[a-z0-9_-]")
_NAME = re.compile(r"(?:[a-z0-9_,-]|\.(?!\.)|=[0-9A-F]{2})+(?:=h[0-9a-f]{32})?")


def customer_name(values: Sequence[str]) -> str:
    """Return the name of a customer.

    Different values have different names. A name of more than 200 bytes is cut, and ends with a hash of the whole.

    Args:
        values: The values of the customer's key columns as text, in the order of the columns; none is empty.
    """
    name = BETWEEN.join(_encoded(value.encode("utf-8", "surrogatepass")) for value in values)
    if len(name) <= MAX_NAME:
        return name
    whole = hashlib.sha256(name.encode()).hexdigest()[:32]
    return f"{re.sub('=.?$', '', name[:KEPT_OF_LONG])}=h{whole}"


def is_customer_name(text: str) -> bool:
    """Return whether a text has the form of a name. Only such a text may become part of a key."""
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None and not text.startswith(".")


def target_model(version: str, customer: str) -> str:
    """Return the `TargetModel` of a customer's model: its key below the prefix of all models.

    Args:
        version: Name of the model version, which is the run that published it.
        customer: Name of the customer.
    """
    return f"{version}/{customer}{SUFFIX}"


def target_pattern(customer: str) -> str:
    """Return the pattern of a customer's models of all versions, for the IAM condition `sagemaker:TargetModel`."""
    return f"*/{customer}{SUFFIX}"


def _encoded(value: bytes) -> str:
    """Encode the bytes of one value. A dot stays between two plain characters, so that no name has `..`."""
    parts = []
    for at in range(len(value)):
        byte, around = value[at : at + 1], value[max(0, at - 1) : at] + value[at + 1 : at + 2]
        is_inner_dot = byte == b"." and len(around) == 2 and all(_PLAIN.match(around[i : i + 1]) for i in (0, 1))
        parts.append(byte.decode() if is_inner_dot or _PLAIN.match(byte) else f"={byte[0]:02X}")
    return "".join(parts)
