"""Read a time column as it is written: times with their offsets, and the numbers of numbered periods."""

from functools import lru_cache

import polars as pl

from contract.calendar.frequencies import DAY
from contract.limits import MAX_DATE, MIN_DATE
from job_code.times.time_texts import LOCAL, OFFSET, read_times

MINUTE = 60_000_000  # microseconds
MAX_NUMBER = 2_000_000_000  # leaves room for the periods to forecast
EXACT_FLOAT32, EXACT_FLOAT64 = 2**24, 2**53  # a float beyond may be the number next to it
FIXED_ZONES = ("UTC", "GMT", "Etc/UTC")
WHOLE = r"^\s*(\d+)\.0+\s*$"  # how a CSV file writes a whole number of a float column


def plain(column: pl.Series) -> pl.Series:
    """Return a column with dictionary-encoded text as text, and with whole floats and decimals as whole numbers."""
    dtype = column.dtype
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if dtype.is_float() or dtype.is_decimal():
        whole = column.cast(pl.Int64, strict=False)
        is_exact = whole.cast(dtype) == column
        if dtype.is_float():
            is_exact &= whole.abs() <= (EXACT_FLOAT32 if dtype == pl.Float32 else EXACT_FLOAT64)
        return whole.set(~is_exact, None)
    return column


def as_written(column: pl.Series) -> pl.DataFrame:
    """Return the times and offsets of a plain column: those of `read_times`, or a time with a named zone.

    The offset of a named zone is 1 if it may change, otherwise 0.
    """
    dtype = column.dtype
    if dtype == pl.String or dtype.is_integer():  # a number like 20261116 is a date
        return read_times(column.cast(pl.String))
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    offset = None if zone is None else int(zone not in FIXED_ZONES)
    return column.alias(LOCAL).to_frame().with_columns(pl.lit(offset, pl.Int32).alias(OFFSET))


def is_date(column: pl.Series) -> pl.Series:
    """Return which values of a plain column are written without a time of day."""
    if column.dtype == pl.String:
        return ~column.str.contains(":", literal=True)
    return pl.repeat(column.dtype.is_integer(), len(column), dtype=pl.Boolean, eager=True)


def numbers(column: pl.Series) -> pl.Series:
    """Return the numbers of a plain column that may number a period (Int32); null for other values."""
    if column.dtype == pl.String:
        column = column.str.strip_chars().str.replace(WHOLE, "$1")
    elif not column.dtype.is_integer():
        return pl.repeat(None, len(column), dtype=pl.Int32, eager=True)
    column = column.cast(pl.Int64, strict=False)
    return column.set(~column.is_between(0, MAX_NUMBER), None).cast(pl.Int32)


def with_midnights(local: pl.Series, zone: str | None) -> pl.Series:
    """Return local times of a zone, with midnight for the first moment of each day whose midnight the clocks skip.

    Args:
        local: Microseconds since 1970-01-01.
        zone: IANA name; None for no zone.
    """
    first = _first_moments(zone) if zone is not None and zone not in FIXED_ZONES else None
    if first is None or not len(first):
        return local
    return local.set(local.is_in(first.implode()), None).fill_null(local // (DAY * MINUTE) * (DAY * MINUTE))


@lru_cache(maxsize=16)
def _first_moments(zone: str) -> pl.Series:
    """Return the first moments of the days without a midnight, local, in microseconds since 1970-01-01."""
    midnights = pl.datetime_range(MIN_DATE, MAX_DATE, "1d", time_unit="us", eager=True)
    zoned = midnights.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    second = pl.duration(seconds=1)
    days = pl.DataFrame({"midnight": midnights.filter(zoned.is_null())})
    # The last second of the day before ends when the clocks skip midnight.
    before = (pl.col("midnight") - second).dt.replace_time_zone(zone, ambiguous="latest", non_existent="null")
    after = (before.dt.convert_time_zone("UTC") + second).dt.convert_time_zone(zone).dt.replace_time_zone(None)
    return days.select(after.dt.timestamp("us")).to_series().drop_nulls()
