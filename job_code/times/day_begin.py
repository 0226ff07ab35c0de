"""Find out whether a time column holds times of day, from the files of a table together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from contract.calendar.frequencies import DAY
from job_code.files.unreadable import UnreadableFileError
from job_code.runtime.process_pool import ProcessPool
from job_code.tables.file_splits import Part
from job_code.times.moments import MOMENT, TimeColumn

BATCH_ROWS = 100_000  # the first ones usually have a time of day


@dataclass(frozen=True)
class _Task:
    parts: Sequence[Part]
    time: TimeColumn


def with_day_begin(time: TimeColumn, shares: Sequence[Sequence[Part]], workers: ProcessPool) -> TimeColumn:
    """Return the time column, for which a day begins at midnight if no file has a time of day.

    A part of the rows would not do: a file with the sales of the first hour has midnights only.

    Args:
        time: The configured column.
        shares: All files of the table, divided among the workers. Each reads its share up to the first time of day,
            and only if a day begins later.
        workers: The processes.
    """
    if not time.day_begins_at:
        return time
    by_midnight = replace(time, day_begins_at=0)
    found = list(workers.map(_has_times, [_Task(parts, by_midnight) for parts in shares]))
    return time if any(found) else by_midnight


def _has_times(task: _Task) -> bool:
    return any(_part_has_times(part, task.time) for part in task.parts)


def _part_has_times(part: Part, time: TimeColumn) -> bool:
    dtype = part.file.columns[time.name]
    if not isinstance(dtype, pl.Datetime | pl.String | pl.Categorical | pl.Enum):
        return False
    try:
        batches = replace(part, file=part.file.only([time.name])).batches(BATCH_ROWS)
        return any((time.read(batch.rows)[0][MOMENT] % DAY != 0).any() for batch in batches)
    except UnreadableFileError:
        return False  # the caller reports the file when it reads the rows
