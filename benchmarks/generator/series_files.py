"""Write demand by key range: each file has the whole history of a range of series."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.generator.assortment import Assortment
from benchmarks.generator.parquet_tables import KeyTexts, open_file, write_group
from benchmarks.generator.sales import Sales

FEWEST_ROWS_A_GROUP = 100_000


@dataclass(kw_only=True)
class SeriesFiles:
    """Writer of one file per key range, `part-00000.parquet`, with rows sorted by key and week.

    Attributes:
        folder: Existing folder for the files.
        assortment: The assortment of the series.
        price: Whether to write prices.
        files: Number of files, each with the same number of series.
    """

    folder: Path
    assortment: Assortment
    price: bool
    files: int
    _written: int = 0  # files
    _seen: int = 0  # series
    _waiting: list[dict[str, NDArray[Any]]] = field(default_factory=list)
    _writer: Any = None

    def add(self, sales: Sales) -> None:
        """Add the next block."""
        begin, size = 0, sales.price.size
        while begin < size:
            if self._seen == self._file_end():
                self._end_file()
            end = min(size, begin + self._file_end() - self._seen)
            self._seen += end - begin
            rows = self._rows(sales, slice(begin, end))
            small_rest = rows["y"].size < FEWEST_ROWS_A_GROUP and self._seen == self._file_end()
            if self._rows_waiting() >= FEWEST_ROWS_A_GROUP and not small_rest:
                self._write()
            self._waiting.append(rows)
            begin = end

    def close(self) -> None:
        """Write the remaining rows and close the last file."""
        self._end_file()

    def _file_end(self) -> int:
        """Return the number of series up to the end of the current file."""
        return self.assortment.series * (self._written + 1) // self.files

    def _rows_waiting(self) -> int:
        return sum(each["y"].size for each in self._waiting)

    def _rows(self, sales: Sales, part: slice) -> dict[str, NDArray[Any]]:
        listings, weeks = sales.listings, np.arange(self.assortment.weeks)
        has_row = (weeks >= listings.first[part, None]) & (weeks < listings.listed_until[part, None])
        series, week = np.nonzero(has_row)
        rows: dict[str, NDArray[Any]] = {
            "article": listings.article[part][series],
            "merchant": listings.merchant[part][series],
            "week": week.astype(np.int32),
            "y": sales.units.T[part][has_row],
        }
        if self.price:
            rows["price"] = sales.prices(slice(None)).T[part][has_row]
        return rows

    def _write(self) -> None:
        rows = {name: np.concatenate([each[name] for each in self._waiting]) for name in self._waiting[0]}
        self._waiting.clear()
        columns = KeyTexts.of(self.assortment, rows["article"]).columns(rows["article"], rows["merchant"])
        first_day = (self.assortment.mondays[0] - date(1970, 1, 1)).days
        columns["ds"] = pa.array(first_day + 7 * rows["week"]).cast(pa.date32())
        columns["y"] = pa.array(rows["y"], pa.int32())
        if self.price:
            columns["price"] = pa.array(rows["price"])
        if self._writer is None:
            self._writer = open_file(self.folder / f"part-{self._written:05d}.parquet", columns)
        write_group(self._writer, columns)

    def _end_file(self) -> None:
        self._write()
        self._writer.close()
        self._writer = None
        self._written += 1
