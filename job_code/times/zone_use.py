"""Find times with a zone next to times without one: some of them would be shifted in silence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import polars as pl

from contract.calendar.frequencies import DAY
from job_code.tables.validation_report import ValidationReport
from job_code.times.written_times import MINUTE

FIRST_ROWS = 1_000  # of a batch; usually one of them has a time of day


@dataclass(frozen=True)
class ZoneKinds:
    """Whether a batch has times of day with and without a zone. Dates and midnights do not count.

    Attributes:
        zoned: Whether it has times with a zone.
        local: Whether it has times without one.
    """

    zoned: bool = False
    local: bool = False

    @classmethod
    def of(cls, local: pl.Series, offset: pl.Series) -> Self:
        """Return the kinds of all times of a batch.

        Args:
            local: The times as they are written, in microseconds since 1970-01-01.
            offset: Difference of each time from UTC; null for a time without a zone.
        """
        without = offset.null_count()
        if without in (0, len(offset)):  # all are of one kind
            is_timed = _any_time(local.head(FIRST_ROWS)) or _any_time(local)
            return cls(zoned=is_timed and not without, local=is_timed and without > 0)
        zoned = offset.is_not_null()
        return cls(zoned=_any_time(local.filter(zoned)), local=_any_time(local.filter(~zoned)))


@dataclass(frozen=True)
class ZoneUse:
    """Files with times of day, by whether the times have a zone. Dates and midnights do not count.

    Attributes:
        zoned: A file whose times have a zone; None if there is none.
        local: A file whose times have no zone; None if there is none.
    """

    zoned: str | None = None
    local: str | None = None

    def __or__(self, other: "ZoneUse") -> "ZoneUse":
        return ZoneUse(self.zoned or other.zoned, self.local or other.local)

    @classmethod
    def of(cls, kinds: ZoneKinds, file: str) -> Self:
        """Return the use of zones in a batch of a file."""
        return cls(file if kinds.zoned else None, file if kinds.local else None)


NO_TIMES = ZoneUse()


def report_zones(uses: Mapping[str, ZoneUse], findings: ValidationReport, *, is_sub_daily: bool) -> None:
    """Report times that have no common zone, in a run without a configured time zone.

    Args:
        uses: The use of zones by source: `demand`, `covariates`, `static`.
        findings: Takes the errors.
        is_sub_daily: Whether the periods are shorter than a day. Longer periods need the zone of their days.
    """
    remedy = "Set time_zone, e.g. time_zone=Europe/Berlin, and frequency"
    zoned = next(((source, use.zoned) for source, use in uses.items() if use.zoned), None)
    local = next(((source, use.local) for source, use in uses.items() if use.local), None)
    if zoned is not None and local is not None:
        findings.add_message(
            f"{zoned[0]}: the times in {zoned[1]} have a zone, but those of the {local[0]} in {local[1]} have none. "
            f"{remedy}"
        )
    elif zoned is not None and not is_sub_daily and zoned[0] != "demand":  # the demand has a check of its own
        findings.add_message(
            f"{zoned[0]}: the times in {zoned[1]} have a zone, whose days may not be those of the demand. {remedy}"
        )


def _any_time(local: pl.Series) -> bool:
    return bool((local % (DAY * MINUTE) != 0).any())
