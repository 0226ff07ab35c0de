"""What all files of the warehouse have in common: keys, row groups, and the file of static columns."""

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
    """Takes blocks of series in key order and leaves them as files."""

    def add(self, sales: Sales) -> None:
        """Takes the next block."""

    def close(self) -> None:
        """Writes what is left, and ends the files."""


@dataclass(frozen=True)
class KeyTexts:
    """The texts of consecutive articles and of all merchants; they sort as the indices do."""

    first_article: int
    articles: pa.Array
    merchants: pa.Array

    @classmethod
    def of(cls, assortment: Assortment, article: NDArray[np.int32]) -> "KeyTexts":
        """The texts that ascending indices of articles need."""
        digits = max(3, len(str(assortment.merchants - 1)))
        articles = [f"A{number:07d}" for number in range(article[0], article[-1] + 1)]
        merchants = [f"M{number:0{digits}d}" for number in range(assortment.merchants)]
        return cls(int(article[0]), pa.array(articles), pa.array(merchants))

    def columns(self, article: NDArray[np.int32], merchant: NDArray[np.int32]) -> dict[str, pa.Array]:
        """The key columns of rows."""
        return {
            "article_id": pa.DictionaryArray.from_arrays(article - self.first_article, self.articles),
            "merchant_id": pa.DictionaryArray.from_arrays(merchant, self.merchants),
        }


@dataclass
class StaticFile:
    """One file, `series.parquet`, with a row a series: category, brand and pack size of its article.

    Attributes:
        folder: Where the file goes; it exists.
        assortment: Whose series these are.
    """

    folder: Path
    assortment: Assortment
    _writer: Any = None
    _waiting: list[Listings] = field(default_factory=list)

    def add(self, sales: Sales) -> None:
        """Takes the next block."""
        self._waiting.append(sales.listings)
        if sum(each.article.size for each in self._waiting) >= ROWS_A_GROUP:
            self._write()

    def close(self) -> None:
        """Writes what is left, and ends the file."""
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
    """Begins a Parquet file with the columns of its first rows."""
    # Without Arrow's own schema in it the file is as any warehouse's: keys are plain text to whoever reads them.
    return pq.ParquetWriter(path, pa.table(columns).schema, store_schema=False, compression="snappy")


def write_group(writer: Any, columns: dict[str, pa.Array]) -> None:  # noqa: ANN401
    """Writes rows as one row group."""
    table = pa.table(columns)
    writer.write_table(table, row_group_size=table.num_rows)
