"""Divide the rows of files among workers, and stream the rows of a worker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from job_code.tables.table_files import TableFile
from job_code.tables.validation_report import ValidationReport


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Consecutive rows of one file in memory.

    Attributes:
        rows: The rows.
        file: The file.
        first: Number of rows of the file before the batch.
    """

    rows: pl.DataFrame
    file: TableFile
    first: int = 0

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return where some rows of the batch are, for messages: `row 6 of a.parquet`, `line 7 of a.csv`.

        Args:
            rows: Numbers of rows of the batch, from 0, ascending.
        """
        places = self.file.reader.places([self.first + row for row in rows]) if rows else []
        return [f"{place} of {self.file.name}" for place in places]


@dataclass(frozen=True)
class Part:
    """Consecutive rows of one file.

    Attributes:
        file: The file.
        first: Number of rows to skip.
        rows: Number of rows; None for all.
    """

    file: TableFile
    first: int = 0
    rows: int | None = None

    def batches(self, size: int, findings: ValidationReport | None = None) -> Iterator[Batch]:
        """Stream the wanted columns.

        Args:
            size: Maximum number of rows of a batch.
            findings: Takes notes about what is unusual, after the last batch; None to drop them.

        Raises:
            UnreadableFileError: If the content is damaged.
        """
        first = self.first
        for rows in self.file.batches(size, first=self.first, rows=self.rows, findings=findings):
            yield Batch(rows=rows, file=self.file, first=first)
            first += rows.height


def split(files: Sequence[TableFile], count: int) -> list[list[Part]]:
    """Divide files into at most `count` lists of parts with about equal rows. Only divisible files are divided."""
    total = sum(file.rows for file in files)
    share = -(-total // count) if total else 1
    lists: list[list[Part]] = [[]]
    room = share
    for file in files:
        first = 0
        while first < file.rows or not file.rows:
            rows = min(room, file.rows - first) if file.divisible else file.rows
            lists[-1].append(Part(file, first, rows) if file.divisible else Part(file))
            first, room = first + rows, room - rows
            if room <= 0 and len(lists) < count:
                lists.append([])
                room = share
            if not file.rows:
                break
    return [parts for parts in lists if parts]
