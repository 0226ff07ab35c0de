"""The document of a handover: the chunks of demand, their shared data, and the draft of the run.

A training job writes it for a fleet. `contract.s3.handover_keys` has the keys of all files of a handover.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from contract.s3.handover import ArchivedChunk, HandoverContents
from contract.s3.handover_keys import HandoverKeys
from job_code.artifacts.draft_run import RunDraft
from job_code.errors import HandoverUnusableError
from job_code.exogenous.covariate_store import StoredCovariates, StoredTable
from job_code.exogenous_files.covariate_schema import CovariateSchema
from job_code.runtime.documents import BrokenDocumentError, document_as_text, parse_document
from job_code.series.frequency import Frequency

SCHEMA = 3


@dataclass(frozen=True, kw_only=True)
class Handover:
    """A run that a fleet forecasts.

    Attributes:
        chunks: The chunks of its demand.
        model_sha256: Checksum of the model to forecast with.
        last_period: The latest cutoff of its series.
        covariates: Stored covariates and their schemas.
        shared: Checksums of the archives that all chunks share, by folder name.
        shared_bytes: Total size of these archives.
        draft: The run before its forecasts.
    """

    chunks: tuple[ArchivedChunk, ...]
    model_sha256: str
    last_period: int
    covariates: StoredCovariates
    shared: Mapping[str, str]
    shared_bytes: int
    draft: RunDraft

    @property
    def frequency(self) -> Frequency:
        """The demand's calendar."""
        manifest = self.draft.manifest
        configuration = manifest["configuration"]
        return Frequency.of(manifest["frequency"], configuration["time_zone"], configuration["period_label"])

    @property
    def keys(self) -> HandoverKeys:
        """Keys of the handover's files and of the fleet's markers."""
        return HandoverKeys(partition=self.draft.manifest["partition"], run_id=self.draft.manifest["run_id"])

    def write(self, file: Path) -> None:
        """Write the handover as JSON."""
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
        """Read the document of a handover.

        Args:
            file: The document.
            covariates: The folder with the unpacked covariates that all chunks share.

        Raises:
            HandoverUnusableError: If the document is damaged, or has the schema of another program version.
        """
        try:
            text = file.read_bytes()
            written = parse_document(_Version, text).schema_version
            if written != SCHEMA:
                raise HandoverUnusableError(
                    f"{file.name} has schema {written}, this program reads schema {SCHEMA}; start a new run"
                )
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
    """Covariates without their folder, which differs between instances."""

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
    draft: RunDraft
