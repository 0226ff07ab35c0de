"""What one job hands over to a fleet: the demand in chunks, what they have in common, and the run as far as it goes.

`contract.s3.handover_keys` shows where all of it lies; this module is its document.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from contract.s3.handover import ArchivedChunk, HandoverContents
from contract.s3.handover_keys import HandoverKeys
from job_code.artifacts.draft_run import Draft
from job_code.errors import HandoverUnusableError
from job_code.exogenous.covariate_schema import CovariateSchema
from job_code.exogenous.covariate_store import StoredCovariates, StoredTable
from job_code.runtime.documents import BrokenDocumentError, document_as_text, parse_document
from job_code.series.frequency import Frequency

SCHEMA = 2


@dataclass(frozen=True, kw_only=True)
class Handover:
    """A run that is to be forecast elsewhere.

    Attributes:
        chunks: All its demand.
        model_sha256: Checksum of the model to forecast with.
        last_period: The latest cutoff of its series.
        covariates: Where covariates are, and what they are.
        shared: Checksums of the archives with what all chunks share, by the folder's name.
        shared_bytes: Size of all of these.
        draft: The run as far as it goes.
    """

    chunks: tuple[ArchivedChunk, ...]
    model_sha256: str
    last_period: int
    covariates: StoredCovariates
    shared: Mapping[str, str]
    shared_bytes: int
    draft: Draft

    @property
    def frequency(self) -> Frequency:
        """The demand's calendar."""
        return Frequency(self.draft.manifest["frequency"])

    @property
    def keys(self) -> HandoverKeys:
        """Where the files that are handed over, or come back, go."""
        return HandoverKeys(partition=self.draft.manifest["partition"], run_id=self.draft.manifest["run_id"])

    def write(self, file: Path) -> None:
        """Write all of it as JSON."""
        content = _Document(
            schema_version=SCHEMA,
            series=sum(chunk.series for chunk in self.chunks),
            bytes=sum(chunk.bytes for chunk in self.chunks),
            shared_bytes=self.shared_bytes,
            chunks=self.chunks,
            model_sha256=self.model_sha256,
            last_period=self.last_period,
            covariates=_Covariates.of(self.covariates),
            shared=self.shared,
            draft=self.draft,
        )
        file.write_text(document_as_text(content), encoding="utf-8")

    @classmethod
    def read(cls, file: Path, covariates: Path) -> Self:
        """Read what `write` wrote.

        Args:
            file: The document.
            covariates: The folder with what all chunks share.

        Raises:
            HandoverUnusableError: If it is no such document, or of another program.
        """
        try:
            text = file.read_bytes()
            written = parse_document(_Version, text).schema_version
            if written != SCHEMA:
                raise HandoverUnusableError(f"{file.name}: its schema is {written}, this program's {SCHEMA}")
            content = parse_document(_Document, text)
        except OSError as error:
            raise HandoverUnusableError(f"{file.name} cannot be read: {error.strerror}; start a new run") from None
        except BrokenDocumentError as error:
            raise HandoverUnusableError(f"{file.name} cannot be read: {error}; start a new run") from None
        return cls(
            chunks=content.chunks,
            model_sha256=content.model_sha256,
            last_period=content.last_period,
            covariates=content.covariates.in_folder(covariates),
            shared=content.shared,
            shared_bytes=content.shared_bytes,
            draft=content.draft,
        )


@dataclass(frozen=True, kw_only=True)
class _Version:
    schema_version: int


@dataclass(frozen=True, kw_only=True)
class _Table:
    number: int
    key: tuple[str, ...]
    columns: CovariateSchema
    shared: str | None


@dataclass(frozen=True, kw_only=True)
class _Covariates:
    """Covariates without the folder they are in, which is another one on each machine."""

    tables: tuple[_Table, ...]
    horizon: int
    dropped: tuple[str, ...]

    @classmethod
    def of(cls, stored: StoredCovariates) -> Self:
        tables = tuple(
            _Table(
                number=table.number,
                key=table.key,
                columns=table.schema,
                shared=None if table.folder is None else table.folder.name,
            )
            for table in stored.tables
        )
        return cls(tables=tables, horizon=stored.horizon, dropped=stored.dropped)

    def in_folder(self, folder: Path) -> StoredCovariates:
        tables = tuple(
            StoredTable(
                number=table.number,
                key=table.key,
                schema=table.columns,
                folder=None if table.shared is None else folder / table.shared,
            )
            for table in self.tables
        )
        return StoredCovariates(tables, self.horizon, self.dropped)


@dataclass(frozen=True, kw_only=True)
class _Document(HandoverContents):
    schema_version: int
    series: int
    bytes: int
    model_sha256: str
    last_period: int
    covariates: _Covariates
    shared: Mapping[str, str]
    draft: Draft
