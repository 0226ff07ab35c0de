"""The two ways a run can go wrong that its operator must tell apart."""

from collections.abc import Sequence


class InputError(Exception):
    """What was given cannot be forecast: a rerun helps only after it has been mended.

    Attributes:
        problems: One line each, saying what is wrong, which rows or files, and what to do.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
