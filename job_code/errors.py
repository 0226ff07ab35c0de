"""The two ways a run can go wrong that its operator must tell apart."""

from collections.abc import Sequence


class InputError(Exception):
    """What was given cannot be forecast: a rerun helps only after it has been mended.

    Attributes:
        problems: One line each, saying what is wrong, which rows or files, and what to do.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        # Keys, column names and library messages may hold anything: a broken line would break the one-line reason.
        self.problems = tuple(_one_line(problem) for problem in problems)
        super().__init__("; ".join(self.problems))


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in " ".join(text.split()))


class JobError(RuntimeError):
    """The job cannot go on, and its message says why and what to do: no traceback would tell more."""

    exit_code = 1
