"""The error of a file whose rows cannot all be read."""

from functools import partial


class UnreadableFileError(Exception):
    """A file cannot be read whole. The message says where and why, without the file's name.

    Args:
        reason: Where and why, for example `line 7 has fewer values than the header`.
        remedy: What the user must do: an imperative sentence without its period.
        file_format: Name of the file's format; empty while it is unknown.
    """

    def __init__(self, reason: str, *, remedy: str, file_format: str = "") -> None:
        super().__init__(reason, remedy, file_format)
        self.reason, self.remedy, self.file_format = reason, remedy, file_format

    def __reduce__(self) -> tuple[object, ...]:
        """Return how to restore the error in another process: exceptions forget keyword arguments."""
        return partial(UnreadableFileError, remedy=self.remedy, file_format=self.file_format), (self.reason,)

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason
