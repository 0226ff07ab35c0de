"""Save and load a forecaster: trees as LightGBM's text, everything else as JSON. Loading executes no stored code."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from contract.model_format import MODEL_FORMAT
from contract.s3.keys import MODEL_DOCUMENT
from job_code.calibration.scale_model import scale_feature_names
from job_code.errors import ModelUnusableError
from job_code.forecasting.forecaster import Forecaster
from job_code.forecasting.model_document import RESIDUAL_SCALE, ModelDocument, StoredTrees
from job_code.model.segment_model import DemandSegment
from job_code.model.tree_predictor import TreePredictor
from job_code.runtime.documents import BrokenDocumentError, document_as_text, parse_document

RECORD = "training.json"


@dataclass(frozen=True, kw_only=True)
class _Format:
    model_format: int


def save_model(forecaster: Forecaster, record: str, folder: Path) -> None:
    """Write `model.json`, a text file for each set of trees, and the record of the training.

    Args:
        forecaster: The forecaster.
        record: The record of its training, JSON.
        folder: An empty folder.
    """
    segments = {each.segment.label: each.trees for each in forecaster.model.segments}
    trees = segments | {RESIDUAL_SCALE: forecaster.calibrator.residual_scale.trees}
    names = _feature_names(forecaster)
    files = {
        name: StoredTrees(sha256=_write(tree.text, folder / f"{name}.txt"), features=names[name])
        for name, tree in trees.items()
        if tree is not None
    }
    document = ModelDocument.of(forecaster, files, record=_write(record, folder / RECORD))
    (folder / MODEL_DOCUMENT).write_text(document_as_text(document), encoding="utf-8")


def load_model(folder: Path) -> Forecaster:
    """Load a forecaster from the files of `save_model`. With the same libraries, its forecasts are bit-identical.

    Args:
        folder: The folder.

    Raises:
        ModelUnusableError: If a file is missing or damaged, or the format or the features differ from this program's.
    """
    document = _read_document(folder)
    texts = {name: _read(folder / f"{name}.txt", stored.sha256) for name, stored in document.trees.items()}
    forecaster = document.forecaster({name: TreePredictor(text) for name, text in texts.items()})
    names = _feature_names(forecaster)
    for name, stored in document.trees.items():
        _check_features(name, stored.features, names[name])
    return forecaster


def read_record(folder: Path) -> str:
    """Read the record of a model's training, JSON.

    Args:
        folder: The model's files.

    Raises:
        ModelUnusableError: If it is missing, or belongs to another model.
    """
    return _read(folder / RECORD, _read_document(folder).record)


def model_checksum(folder: Path) -> str:
    """Return the SHA-256 of a model's document, hexadecimal. The document has the checksums of the other files.

    Args:
        folder: The model's files.
    """
    return hashlib.sha256((folder / MODEL_DOCUMENT).read_bytes()).hexdigest()


def _feature_names(forecaster: Forecaster) -> dict[str, tuple[str, ...]]:
    """Name the features of each set of trees, in their order."""
    model = forecaster.model
    names = model.feature_names(forecaster.encoding, forecaster.covariates)
    return {segment.label: names for segment in DemandSegment} | {
        RESIDUAL_SCALE: scale_feature_names(model.demand_names)
    }


def _read_document(folder: Path) -> ModelDocument:
    content = _bytes(folder / MODEL_DOCUMENT)
    try:
        found = parse_document(_Format, content).model_format
        if found != MODEL_FORMAT:
            raise ModelUnusableError(
                f"model: its format is {found}, this program reads format {MODEL_FORMAT}; train a new model, or use an "
                f"image that reads format {found}"
            )
        return parse_document(ModelDocument, content)
    except BrokenDocumentError as error:
        raise ModelUnusableError(f"model: {MODEL_DOCUMENT} cannot be read: {error}; train a new model") from None


def _check_features(trees: str, stored: Sequence[str], computed: Sequence[str]) -> None:
    """Compare the stored features with the features of this program. Trees identify a feature by its position."""
    for place, (was, now) in enumerate(zip_longest(stored, computed, fillvalue="missing"), start=1):
        if was != now:
            raise ModelUnusableError(
                f"model: feature {place} of its {trees} trees is {was}, in this program it is {now}; train a new "
                "model, or use the image that trained this one"
            )


def _write(text: str, path: Path) -> str:
    """Write a file, and return its SHA-256."""
    content = text.encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _read(path: Path, digest: str) -> str:
    content = _bytes(path)
    if hashlib.sha256(content).hexdigest() != digest:
        raise ModelUnusableError(
            f"model: {path.name} does not match its checksum in {MODEL_DOCUMENT}; train a new model"
        )
    return content.decode()


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelUnusableError(f"model: {path.name} cannot be read: {error.strerror}; train a new model") from None
