"""The errors that functions raise by themselves; Step Functions, its operator and ExplainFailure know them by name."""

from collections.abc import Iterable

# The error of the state machine's own Fail state, where a job did not complete.
JOB_NOT_COMPLETED = "JobNotCompleted"


class InputError(Exception):
    """The execution's input cannot be run; one line with everything that is wrong and what to do.

    Attributes:
        problems: Each of them.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class PreflightFailed(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """Something that the run needs is not there; one line with all of it and what to do."""


class IncompleteRun(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """The run's files, or what was handed over, are not what they should be; one line with what differs."""


class QualityGateFailed(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """The run is whole and not good enough to be published by itself; one line with what is beyond its limit."""


class PublishFailed(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """The run is whole and cannot be published now; one line with the reason."""


class CatalogUpdateFailed(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """The run is published, and Athena does not show it yet; one line with the reason."""


class RegistryBusy(Exception):  # noqa: N818 - the name is what the state machine and its operator see
    """Others changed the same run again and again; one line with which."""
