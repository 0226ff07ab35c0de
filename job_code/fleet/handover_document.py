"""What one job hands over to a fleet: the demand in objects, what they have in common, and the run as far as it goes.

`contract.handover_keys` shows where all of it lies; this module is its document.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from contract.handover_keys import HandoverKeys
from job_code.artifacts.draft_run import Draft
from job_code.errors import HandoverUnusableError
from job_code.exogenous.covariate_shuffle_files import SpilledTable, TableColumns
from job_code.exogenous.covariate_store import StoredCovariates, StoredTable
from job_code.fleet.chunk_archives import HandedPiece
from job_code.series.frequency import Frequency

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Handover:
    """A run that is to be forecast elsewhere.

    Attributes:
        pieces: All its demand.
        model_sha256: Checksum of the model to forecast with.
        last_period: The latest cutoff of its series.
        covariates: Where covariates are, and what they are.
        shared: Checksums of the archives with what all pieces share, by the folder's name.
        shared_bytes: Size of all of these.
        draft: The run as far as it goes.
    """

    pieces: tuple[HandedPiece, ...]
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
        """Writes all of it as JSON."""
        content = {
            "schema_version": SCHEMA,
            "series": sum(piece.series for piece in self.pieces),
            "bytes": sum(piece.bytes for piece in self.pieces),
            "shared_bytes": self.shared_bytes,
            "pieces": [asdict(piece) for piece in self.pieces],
            "model_sha256": self.model_sha256,
            "last_period": self.last_period,
            "covariates": _covariates_as_json(self.covariates),
            "shared": dict(self.shared),
            "draft": self.draft.to_dict(),
        }
        file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def read(cls, file: Path, covariates: Path) -> Self:
        """Reads what `write` wrote.

        Args:
            file: The document.
            covariates: The folder with what all pieces share.

        Raises:
            HandoverUnusableError: If it is no such document, or of another program.
        """
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["schema_version"] != SCHEMA:
                raise HandoverUnusableError(
                    f"{file.name}: its schema is {content['schema_version']}, this program's {SCHEMA}"
                )
            return cls(
                pieces=tuple(HandedPiece(**piece) for piece in content["pieces"]),
                model_sha256=content["model_sha256"],
                last_period=content["last_period"],
                covariates=_covariates(content["covariates"], covariates),
                shared=content["shared"],
                shared_bytes=content["shared_bytes"],
                draft=Draft.from_dict(content["draft"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise HandoverUnusableError(
                f"{file.name} cannot be read: {type(error).__name__}: {error}; start the run anew"
            ) from None


def _covariates_as_json(covariates: StoredCovariates) -> dict[str, Any]:
    tables = [
        {
            "number": table.spilled.columns.number,
            "numbers": list(table.spilled.columns.numbers),
            "texts": list(table.spilled.categories),
            "positive": list(table.spilled.positive),
            "shared": None if table.folder is None else table.folder.name,
        }
        for table in covariates.tables
    ]
    return {"tables": tables, "horizon": covariates.horizon, "dropped": list(covariates.dropped)}


def _covariates(content: Mapping[str, Any], folder: Path) -> StoredCovariates:
    """As far as it takes to read the values, which are in the pieces and in the folder."""
    tables = []
    for table in content["tables"]:
        texts = tuple(table["texts"])
        columns = TableColumns(number=table["number"], key=(), numbers=tuple(table["numbers"]), texts=texts)
        known = dict.fromkeys(texts, ())
        shared = table["shared"]
        spilled = SpilledTable(
            columns=columns,
            folder=folder,
            of_series=shared is None,
            categories=known,
            own_codes=(),
            positive=tuple(table["positive"]),
        )
        tables.append(StoredTable(spilled, None if shared is None else folder / shared))
    return StoredCovariates(tuple(tables), content["horizon"], tuple(content["dropped"]))
