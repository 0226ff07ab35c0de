"""Names of partitions: each is part of S3 keys and of an execution's name."""

import re

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
NAME_IN_WORDS = "1 to 64 letters, digits and . _ -, a letter or digit first"
# The one partition of an environment that has no others.
WHOLE = "all"


def is_name(text: str) -> bool:
    """Returns whether a partition can have this name."""
    return re.fullmatch(NAME, text) is not None
