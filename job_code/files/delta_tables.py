"""Delta tables: read the rows that the table's log names, never the bare files of its folder."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl

from job_code.files.columnar_files import readable, scanned
from job_code.files.reader import Reader, Reading
from job_code.files.unreadable import UnreadableFileError

if TYPE_CHECKING:
    from deltalake import DeltaTable

CHECK = "Check the table with the program that writes it"


@dataclass(frozen=True, kw_only=True)
class DeltaReader(Reader):
    """The rows of a Delta table. Its partition columns are columns, and deleted rows are left out.

    Attributes:
        version: Version of the table, so that all processes read the same one.
    """

    version: int

    @property
    def divisible(self) -> bool:
        """Whether a span of rows can be read without the rows before."""
        return True

    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        """Stream columns of the table. The arguments are those of the class `Reader`."""
        with _scan(self.path, self.version) as (scan, _):
            yield from scanned(scan, columns, reading, of=self.rows)


def open_delta(path: Path) -> DeltaReader:
    """Read the log of a Delta table.

    Args:
        path: Folder of the table.

    Raises:
        UnreadableFileError: The log is damaged, or the table needs features that the job does not know.
    """
    with _scan(path, None) as (scan, version), readable():
        schema, rows = dict(scan.collect_schema()), int(scan.select(pl.len()).collect().item())
    return DeltaReader(path=path, format_name="Delta table", schema=schema, rows=rows, version=version)


@contextmanager
def _scan(path: Path, version: int | None) -> Iterator[tuple[pl.LazyFrame, int]]:
    """Provide the lazy rows of a Delta table, and its version.

    The library takes a path as a URL. So it gets a folder with a plain name, which links to what is in the table's.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, DeltaProtocolError

    with tempfile.TemporaryDirectory() as folder:
        for entry in path.absolute().iterdir():
            (Path(folder) / entry.name).symlink_to(entry)
        try:
            table = DeltaTable(folder, version=version)
            _raise_if_unsupported(table)
            yield pl.scan_delta(table), table.version()
        except DeltaProtocolError:
            raise UnreadableFileError(
                "it needs features of Delta that the job does not know, such as column mapping",
                remedy="Export its rows to Parquet",
            ) from None
        except (DeltaError, pl.exceptions.PanicException):
            raise UnreadableFileError("its log is incomplete or damaged", remedy=CHECK) from None


def _raise_if_unsupported(table: "DeltaTable") -> None:
    """Check that all files exist, and that their folders name the partition columns, as polars expects."""
    partitioned = set(table.metadata().partition_columns)
    for uri in table.file_uris():
        path = Path(uri)
        if not path.exists():
            raise UnreadableFileError(f"the file {path.name} of its log is missing", remedy=CHECK)
        if partitioned - {unquote(part.partition("=")[0]) for part in path.parts[:-1] if "=" in part}:
            raise UnreadableFileError(
                "the names of its folders do not have the partition columns", remedy="Export its rows to Parquet"
            )
