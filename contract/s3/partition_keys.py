"""Builds the S3 keys of an execution that runs all partitions: what it was to run, and what became of each."""

from dataclasses import dataclass

from contract.s3.keys import ANY, PARTITIONS


@dataclass(frozen=True, kw_only=True)
class PartitionsKeys:
    """The keys of one execution; `ANY` in place of its name makes patterns of them.

    Attributes:
        execution: Its name.
    """

    execution: str

    @property
    def folder(self) -> str:
        """The folder of all of it."""
        return f"{PARTITIONS}execution={self.execution}/"

    @property
    def items(self) -> str:
        """The list of runs to start."""
        return f"{self.folder}items.json"

    @property
    def unusable(self) -> str:
        """The list of names that no partition can have."""
        return f"{self.folder}invalid_names.json"

    @property
    def outcomes(self) -> str:
        """The folder of what became of each."""
        return f"{self.folder}outcomes/"

    def outcome(self, partition: str) -> str:
        """Builds the key of what became of one partition."""
        return f"{self.outcomes}{partition}.json"

    @property
    def table(self) -> str:
        """All outcomes as one table."""
        return f"{self.folder}outcomes.csv"


EVERY_EXECUTION = PartitionsKeys(execution=ANY)
