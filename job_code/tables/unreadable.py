"""The error of a file whose rows cannot all be read."""


class UnreadableFileError(Exception):
    """A file cannot be read whole. The message says where and why, without the file's name.

    Args:
        reason: Where and why, for example `line 7 has fewer values than the header`.
        remedy: What the user must do: an imperative sentence without its period.
    """

    def __init__(self, reason: str, *, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason, self.remedy = reason, remedy

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason
