"""Find out whether a time column holds times of day, from the files of a table together."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from contract.calendar.frequencies import DAY
from job_code.files.unreadable import UnreadableFileError
from job_code.tables.file_splits import Part
from job_code.tables.table_files import TableFile
from job_code.times.moments import MOMENT, TimeColumn

BATCH_ROWS = 100_000  # the first ones usually have a time of day


def with_day_begin(time: TimeColumn, files: Sequence[TableFile]) -> TimeColumn:
    """Return the time column, for which a day begins at midnight if no file has a time of day.

    A part of the rows would not do: a file with the sales of the first hour has midnights only.

    Args:
        time: The configured column.
        files: All files of the table. They are read up to the first time of day, and only if a day begins later.
    """
    if not time.day_begins_at:
        return time
    by_midnight = replace(time, day_begins_at=0)
    return time if any(_has_times(file, by_midnight) for file in files) else by_midnight


def _has_times(file: TableFile, time: TimeColumn) -> bool:
    dtype = file.columns[time.name]
    if not isinstance(dtype, pl.Datetime | pl.String | pl.Categorical | pl.Enum):
        return False
    try:
        batches = Part(file.only([time.name])).batches(BATCH_ROWS)
        return any((time.read(batch.rows)[0][MOMENT] % DAY != 0).any() for batch in batches)
    except UnreadableFileError:
        return False  # the caller reports the file when it reads the rows
