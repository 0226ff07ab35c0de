"""The errors that functions raise. Step Functions, operators and ExplainFailure identify them by class name."""

from collections.abc import Iterable

# Error name that the state machine sets if a job ends without completing.
JOB_NOT_COMPLETED = "JobNotCompleted"


class InputError(Exception):
    """The execution's input is invalid. The message is one line with every problem and what to do.

    Attributes:
        problems: The problems, one text each.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class PreflightFailed(Exception):  # noqa: N818 - the state machine and its operators see this name
    """A prerequisite of the run is missing. The message is one line with every problem and what to do."""


class IncompleteRun(Exception):  # noqa: N818 - the state machine and its operators see this name
    """Files of the run or its handover are missing, damaged or do not match the manifest. The message is one line."""


class QualityGateFailed(Exception):  # noqa: N818 - the state machine and its operators see this name
    """A complete run violates a threshold, so it needs approval. The message is one line with the violations."""


class PublishFailed(Exception):  # noqa: N818 - the state machine and its operators see this name
    """A complete run cannot be published now. The message is one line with the reason."""


class CatalogUpdateFailed(Exception):  # noqa: N818 - the state machine and its operators see this name
    """The run is published, but Athena does not show it yet. The message is one line with the reason."""


class RegistryBusy(Exception):  # noqa: N818 - the state machine and its operators see this name
    """Concurrent changes of the same registry entry used up all retries. The message is one line with the run."""
