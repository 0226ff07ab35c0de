"""Builds the S3 keys of an execution of all partitions: its list of runs and their outcomes."""

from dataclasses import dataclass

from contract.s3.keys import ANY, PARTITIONS


@dataclass(frozen=True, kw_only=True)
class PartitionsKeys:
    """The keys of one execution. With `ANY` in place of its name they are patterns.

    Attributes:
        execution: Name of the execution.
    """

    execution: str

    @property
    def folder(self) -> str:
        """Prefix of all keys."""
        return f"{PARTITIONS}execution={self.execution}/"

    @property
    def items(self) -> str:
        """The list of runs to start, for the Map."""
        return f"{self.folder}items.json"

    @property
    def invalid_names(self) -> str:
        """The list of invalid partition names."""
        return f"{self.folder}invalid_names.json"

    @property
    def outcomes(self) -> str:
        """Prefix of the outcomes."""
        return f"{self.folder}outcomes/"

    def outcome(self, partition: str) -> str:
        """Return the key of one partition's outcome."""
        return f"{self.outcomes}{partition}.json"

    @property
    def table(self) -> str:
        """The table of all outcomes, as CSV."""
        return f"{self.folder}outcomes.csv"


EVERY_EXECUTION = PartitionsKeys(execution=ANY)
