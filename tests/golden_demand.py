"""Demand of every type that a model treats differently, by formulas with the same results on every computer."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from job_code.series.frequency import Frequency
from tests.demand import write

LAST = date(2026, 11, 1)  # a Sunday, and the first day of a month
BRANDS, PROMOTIONS = ("acme", "brio", None), ("none", "television", "leaflet")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A period of a series.

    Attributes:
        at: Its position in the longest history, from 0.
        left: Number of periods after it.
        year: Periods of a year.
        chance: A pseudo-random number, 0 to 9,999.
    """

    at: int
    left: int
    year: int
    chance: int

    @property
    def season(self) -> float:
        """Distance from the middle of the year, 0 to 1."""
        return abs(2 * (self.at % self.year) - self.year) / self.year


def _discontinued(moment: Moment) -> float:
    return 8.0 + moment.chance % 5 if moment.left > 1.5 * moment.year else 0.0


# None stands for a period without a row. The names are keys of the golden files.
TYPES: Mapping[str, Callable[[Moment], float | None]] = {
    "smooth": lambda moment: 40 + 25 * moment.season + moment.chance % 97 / 8,
    "growing": lambda moment: 12 + 30 * moment.at / moment.year + moment.chance % 41 / 8,
    "large": lambda moment: 1e6 * (3 + moment.season) + moment.chance * 37.5,
    "counts": lambda moment: float(4 + moment.chance % 7),
    "mixed": lambda moment: 0.0 if moment.chance % 5 == 0 else 2.5 + moment.chance % 9,
    "intermittent": lambda moment: float(2 + moment.chance % 3) if moment.chance % 4 == 0 else 0.0,
    "lumpy": lambda moment: 60.5 if moment.chance % 11 == 0 else float(moment.chance % 2),
    "gaps": lambda moment: None if moment.chance % 6 == 0 else 20 + moment.chance % 53 / 8,
    "new": lambda moment: 9 + moment.chance % 31 / 8 if moment.left < moment.year / 6 else None,
    "single": lambda moment: 5.0 if moment.left == 0 else None,
    "stopped": _discontinued,
}


def write_inputs(folder: Path, frequency: str, *, periods: int, horizon: int, variations: int) -> dict[str, Path]:
    """Write demand, static columns and covariates.

    Args:
        folder: A new folder.
        frequency: Name of the frequency.
        periods: Length of the longest series.
        horizon: Number of later periods with known covariates.
        variations: Number of series of each type.

    Returns:
        The folder of each input, by its name.
    """
    calendar = Frequency(frequency)
    last = calendar.period_of(LAST)
    days = [calendar.label_of(last - periods + 1 + at) for at in range(periods + horizon)]
    demand, covariates, static = [], [], []
    for series, type_ in ((f"{type_}-{number}", type_) for type_ in TYPES for number in range(variations)):
        which = _chance(series)
        static.append((series, BRANDS[which % 3], None if which % 4 == 0 else 1.0 + which % 9))
        for at, day in enumerate(days):
            left, chance = periods - 1 - at, _chance(f"{series} {at}")
            if left >= 0:
                found = TYPES[type_](Moment(at=at, left=left, year=calendar.per_year, chance=chance))
                demand += [(series, day, found)] if found is not None else []
            price = None if chance % 13 == 0 else 1 + chance % 7 / 8
            covariates.append((series, day, price, PROMOTIONS[chance // 7 % 3]))
    weather = [(day, float(_chance(f"weather {at}") % 30 - 5)) for at, day in enumerate(days)]
    tables = {
        "demand": {"demand": pl.DataFrame(demand, schema=["unique_id", "ds", "y"], orient="row")},
        "static": {"static": pl.DataFrame(static, schema=["unique_id", "brand", "size"], orient="row")},
        "covariates": {
            "prices": pl.DataFrame(covariates, schema=["unique_id", "ds", "price", "promotion"], orient="row"),
            "weather": pl.DataFrame(weather, schema=["ds", "temperature"], orient="row"),
        },
    }
    return {
        name: write(folder / name, {f"{file}.parquet": rows for file, rows in files.items()})
        for name, files in tables.items()
    }


def _chance(text: str) -> int:
    return zlib.crc32(text.encode()) % 10_000
