"""Write demand with one file per week. All files grow in parallel."""

import resource
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.generator.assortment import Assortment
from benchmarks.generator.parquet_tables import KeyTexts, open_file, write_group
from benchmarks.generator.sales import Sales

CELLS_WAITING = 50_000_000  # most series x weeks in memory before they are written, 2 bytes each
OTHER_FILES = 64  # open files of the process besides the week files


@dataclass
class WeekFiles:
    """Writer of one file per week, `2026-11-16.parquet`, with rows in key order. All files are open in parallel.

    Attributes:
        folder: Existing folder for the files.
        assortment: The assortment of the series.
        price: Whether to write prices.
    """

    folder: Path
    assortment: Assortment
    price: bool
    _writers: dict[date, Any] = field(default_factory=dict)
    _waiting: list[Sales] = field(default_factory=list)

    def __post_init__(self) -> None:
        allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = self.assortment.weeks + OTHER_FILES
        if allowed != resource.RLIM_INFINITY and allowed < wanted:
            attainable = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
            resource.setrlimit(resource.RLIMIT_NOFILE, (attainable, most))

    def add(self, sales: Sales) -> None:
        """Add the next block."""
        self._waiting.append(sales)
        groups = -(-self.assortment.series * self.assortment.weeks // CELLS_WAITING)
        if sum(each.price.size for each in self._waiting) >= self.assortment.series / groups:
            self._write()

    def close(self) -> None:
        """Write the remaining rows and close the files."""
        self._write()
        for writer in self._writers.values():
            writer.close()

    def _write(self) -> None:
        if not self._waiting:
            return
        listings = [sales.listings for sales in self._waiting]
        article = np.concatenate([each.article for each in listings])
        merchant = np.concatenate([each.merchant for each in listings])
        first = np.concatenate([each.first for each in listings])
        listed_until = np.concatenate([each.listed_until for each in listings])
        texts = KeyTexts.of(self.assortment, article)
        for week, monday in enumerate(self.assortment.mondays):
            has_row = np.flatnonzero((first <= week) & (week < listed_until))
            if not has_row.size:
                continue
            columns = texts.columns(article[has_row], merchant[has_row])
            columns["ds"] = pa.repeat(pa.scalar(monday, pa.date32()), has_row.size)
            columns["y"] = pa.array(np.concatenate([sales.units[week] for sales in self._waiting])[has_row], pa.int32())
            if self.price:
                prices = np.concatenate([sales.prices(slice(week, week + 1))[0] for sales in self._waiting])
                columns["price"] = pa.array(prices[has_row])
            if monday not in self._writers:
                self._writers[monday] = open_file(self.folder / f"{monday}.parquet", columns)
            write_group(self._writers[monday], columns)
        self._waiting.clear()
