"""All covariates in shards, and the way back from a row to its file."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from job_code.exogenous_files.covariate_alignment import AlignedRows, align_rows
from job_code.exogenous_files.covariate_counts import TableCounts, Window
from job_code.exogenous_files.covariate_problems import Example, Problems
from job_code.exogenous_files.covariate_reading import TableReading
from job_code.exogenous_files.covariate_shuffle_files import ShuffledTable
from job_code.series.frequency import Frequency
from job_code.tables.key_hashes import Hashes
from job_code.tables.table_files import TableFile
from job_code.times.zone_use import NO_TIMES, ZoneUse


@dataclass(frozen=True)
class TableSource:
    """The files of a table, and how they are read."""

    files: tuple[TableFile, ...]
    reading: TableReading

    def find(self, examples: Iterable[Example]) -> dict[Example, str]:
        """Return key, time and places of some rows of the shards, for messages."""
        return self.reading.find(examples, self.files)


@dataclass(frozen=True)
class ShuffledCovariates:
    """All covariates in shards.

    Attributes:
        tables: The tables.
        ignored: Ignored columns, each with the reason.
        columns: Names of all columns, without keys and times.
        zones: Files whose times have a zone, and files whose times have none.
        files: The files of each table, by its number.
    """

    tables: tuple[ShuffledTable, ...] = ()
    ignored: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    zones: ZoneUse = NO_TIMES
    files: Mapping[int, TableSource] = field(default_factory=dict)

    def of_shard(self, shard: int, hashes: Hashes, frequency: Frequency, problems: Problems) -> dict[int, AlignedRows]:
        """Read the rows of the series of a shard from the shuffle files, and delete the files.

        Args:
            shard: Number of the shard.
            hashes: Hashes of the keys of the shard's series.
            frequency: Calendar of the demand.
            problems: Takes the counts of invalid rows.

        Returns:
            Rows by table number, without the tables that have a shorter key than the demand.
        """
        aligned = {}
        for table in self.tables:
            if table.per_series:
                rows = table.read(shard)
                table.delete(shard)
                aligned[table.columns.number] = align_rows(rows, hashes, frequency, problems, table=table)
        return aligned

    def count(self, rows: Mapping[int, AlignedRows], window: Window) -> dict[int, TableCounts]:
        """Count the rows of a shard by the number of their table."""
        schemas = {table.columns.number: table.schema for table in self.tables}
        return {number: TableCounts.of(own, schemas[number], window) for number, own in rows.items()}
