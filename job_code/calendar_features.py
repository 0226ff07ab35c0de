"""Where in the calendar a period lies."""

import numpy as np
import polars as pl

from job_code.frequency import Frequency
from job_code.panel import Floats, Integers

DAYS_PER_YEAR = 365.2425


def calendar_names(frequency: Frequency) -> tuple[str, ...]:
    """What `calendar_columns` tells, in its order."""
    match frequency.unit:
        case "week":
            return ("day_of_year",)
        case "day":
            return ("day_of_week", "day_of_month", "day_of_year")
        case "month":
            return ("month",)


def calendar_columns(frequency: Frequency, periods: Integers) -> list[Floats]:
    """Positions of periods in the calendar.

    Args:
        frequency: What the period numbers count.
        periods: Period numbers, shape (rows,).

    Returns:
        One column a name, each of shape (rows,).
    """
    different, place = np.unique(periods, return_inverse=True)
    day = frequency.to_date(pl.col("period"))
    expressions = {
        # Cyclic by the mean year: a week 52 and the week 1 that follows are neighbours every year.
        "day_of_year": day.cast(pl.Int32) % DAYS_PER_YEAR,
        "day_of_week": day.dt.weekday(),
        "day_of_month": day.dt.day(),
        "month": pl.col("period") % 12 + 1,
    }
    table = pl.DataFrame({"period": different.astype(np.int32)}).select(
        expressions[name].cast(pl.Float64).alias(name) for name in calendar_names(frequency)
    )
    return [column.to_numpy()[place] for column in table]
