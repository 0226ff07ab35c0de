"""Shared parts of the Parquet files: key columns, row groups, and the file of static columns."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.generator.assortment import BRANDS, Assortment, Listings
from benchmarks.generator.categories import CATEGORIES
from benchmarks.generator.sales import Sales

ROWS_A_GROUP = 1_000_000


class Files(Protocol):
    """Writer of blocks of series, which arrive in key order."""

    def add(self, sales: Sales) -> None:
        """Add the next block."""

    def close(self) -> None:
        """Write the remaining rows and close the files."""


@dataclass(frozen=True)
class KeyTexts:
    """Key texts of consecutive articles and of all merchants. They sort like the indices."""

    first_article: int
    articles: pa.Array
    merchants: pa.Array

    @classmethod
    def of(cls, assortment: Assortment, article: NDArray[np.int32]) -> "KeyTexts":
        """Return the texts for ascending indices of articles."""
        digits = max(3, len(str(assortment.merchants - 1)))
        articles = [f"A{number:07d}" for number in range(article[0], article[-1] + 1)]
        merchants = [f"M{number:0{digits}d}" for number in range(assortment.merchants)]
        return cls(int(article[0]), pa.array(articles), pa.array(merchants))

    def columns(self, article: NDArray[np.int32], merchant: NDArray[np.int32]) -> dict[str, pa.Array]:
        """Return the key columns of rows."""
        return {
            "article_id": pa.DictionaryArray.from_arrays(article - self.first_article, self.articles),
            "merchant_id": pa.DictionaryArray.from_arrays(merchant, self.merchants),
        }


@dataclass
class StaticFile:
    """Writer of `series.parquet` with one row per series: category, brand and pack size of its article.

    Attributes:
        folder: Existing folder for the file.
        assortment: The assortment of the series.
    """

    folder: Path
    assortment: Assortment
    _writer: Any = None
    _waiting: list[Listings] = field(default_factory=list)

    def add(self, sales: Sales) -> None:
        """Add the next block."""
        self._waiting.append(sales.listings)
        if sum(each.article.size for each in self._waiting) >= ROWS_A_GROUP:
            self._write()

    def close(self) -> None:
        """Write the remaining rows and close the file."""
        self._write()
        self._writer.close()

    def _write(self) -> None:
        if not self._waiting:
            return
        article = np.concatenate([each.article for each in self._waiting])
        merchant = np.concatenate([each.merchant for each in self._waiting])
        columns = KeyTexts.of(self.assortment, article).columns(article, merchant)
        self._waiting.clear()
        categories = pa.array([category.name for category in CATEGORIES])
        brands = pa.array([f"brand {number:02d}" for number in range(BRANDS)])
        columns["category"] = pa.DictionaryArray.from_arrays(self.assortment.category[article], categories)
        columns["brand"] = pa.DictionaryArray.from_arrays(self.assortment.brand[article], brands)
        columns["pack_size"] = pa.array(self.assortment.pack_size[article], pa.int32())
        if self._writer is None:
            self._writer = open_file(self.folder / "series.parquet", columns)
        write_group(self._writer, columns)


def open_file(path: Path, columns: dict[str, pa.Array]) -> Any:  # noqa: ANN401 (pyarrow has no types)
    """Open a Parquet file with the schema of its first rows."""
    # Without Arrow's schema, readers see the keys as plain text, as in a warehouse's file.
    return pq.ParquetWriter(path, pa.table(columns).schema, store_schema=False, compression="snappy")


def write_group(writer: Any, columns: dict[str, pa.Array]) -> None:  # noqa: ANN401
    """Write rows as one row group."""
    table = pa.table(columns)
    writer.write_table(table, row_group_size=table.num_rows)
