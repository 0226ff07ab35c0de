"""Find times with a zone next to times without one: some of them would be shifted in silence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Self

import polars as pl

from job_code.tables.validation_report import ValidationReport

SAMPLED_ROWS = 1_000  # of a batch; the times of a file are of one kind
_CLOCK = r"[T ](\d{1,2}:\d{2}(?::\d{2})?)"
_ZONE = r"(?:Z|UTC|[+-]\d{2}:?\d{2})\s*$"
_MIDNIGHTS = ("00:00", "00:00:00", "0:00", "0:00:00")


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
    def of(cls, times: pl.Series, file: str) -> Self:
        """Return the use of zones in the first times of a batch of a file."""
        times = times.head(SAMPLED_ROWS)
        if isinstance(times.dtype, pl.Datetime):
            is_timed = bool((times.dt.time() != time()).any())
            is_zoned = times.dtype.time_zone is not None
            return cls(file if is_timed and is_zoned else None, file if is_timed and not is_zoned else None)
        if times.dtype != pl.String:
            return cls()
        timed = times.filter(~times.str.extract(_CLOCK).is_in(_MIDNIGHTS).fill_null(True))
        zoned = timed.str.contains(_ZONE)
        return cls(file if zoned.any() else None, file if not zoned.all() else None)


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
