"""Names of partitions, which are part of S3 keys and of execution names."""

import re

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
NAME_RULE = "1 to 64 letters, digits and . _ -, a letter or digit first"
# The only partition of an environment without `[partitions]`.
WHOLE = "all"


def is_name(text: str) -> bool:
    """Return whether the text is a valid name of a partition."""
    return re.fullmatch(NAME, text) is not None
