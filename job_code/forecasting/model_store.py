"""A forecaster as files: trees as LightGBM's own text, all else as JSON. Reading them runs nothing that is in them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from contract.keys import MODEL_DOCUMENT
from contract.model_format import MODEL_FORMAT
from job_code.calibration.calibrator import Calibration
from job_code.calibration.ensemble_weights import Combination
from job_code.calibration.residual_quantiles import ErrorDistribution
from job_code.calibration.scale_model import Spread, spread_names
from job_code.config import ForecastConfig
from job_code.errors import ModelUnusableError
from job_code.exogenous.covariate_encoding import CovariateEncoding
from job_code.exogenous.static_features import StaticEncoding
from job_code.features.feature_recipe import recipe_for
from job_code.forecasting.forecaster import Forecaster
from job_code.forecasting.versions import versions
from job_code.model.direct_model import DirectModel
from job_code.model.segment_model import Learnt, Regime
from job_code.model.tree_predictor import TreePredictor
from job_code.series.demand_classes import KINDS
from job_code.series.frequency import Frequency

RECORD = "training.json"
OF_SPREAD = "spread"


def save_model(forecaster: Forecaster, record: str, folder: Path) -> None:
    """Writes `model.json`, a text file for each set of trees, and the record of the training.

    Args:
        forecaster: What to write.
        record: What is known of its training, JSON.
        folder: An empty folder.
    """
    calibration, model = forecaster.calibration, forecaster.model
    trees = {learnt.regime.name.lower(): learnt.trees for learnt in model.learnt} | {
        OF_SPREAD: calibration.spread.trees
    }
    names = _feature_names(forecaster)
    files = {
        name: {"sha256": _write(tree.text, folder / f"{name}.txt"), "features": names[name]}
        for name, tree in trees.items()
        if tree is not None
    }
    document = {
        "model_format": MODEL_FORMAT,
        "versions": versions(),
        "frequency": forecaster.frequency.name,
        "configuration": forecaster.config.model_dump(mode="json"),
        "memory": model.memory,
        "regimes": {learnt.regime.name.lower(): {"skew": learnt.skew} for learnt in model.learnt},
        "combinations": {
            kind: asdict(combination) for kind, combination in zip(KINDS, calibration.combinations, strict=True)
        },
        "spread": {"steps": calibration.spread.steps, "growth": calibration.spread.growth},
        "errors": _errors_as_json(calibration.errors),
        "count_errors": _errors_as_json(calibration.count_errors),
        "typical_change": forecaster.typical_change,
        "static": asdict(forecaster.encoding),
        "covariates": asdict(forecaster.covariates),
        "trees": files,
        "record": _write(record, folder / RECORD),
    }
    (folder / MODEL_DOCUMENT).write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")


def load_model(folder: Path) -> Forecaster:
    """Read what `save_model` wrote. Where the libraries are the same, it forecasts the same to the last bit.

    Args:
        folder: The folder.

    Raises:
        ModelUnusableError: If the files are not whole, or have another format or other features than this program's.
    """
    try:
        document = json.loads((folder / MODEL_DOCUMENT).read_text(encoding="utf-8"))
        _check_format(document)
        trees = {
            name: TreePredictor(_read(folder / f"{name}.txt", tree["sha256"]))
            for name, tree in document["trees"].items()
        }
        forecaster = _forecaster(document, trees)
        names = _feature_names(forecaster)
        for name, tree in document["trees"].items():
            _check_features(name, tree["features"], names[name])
        return forecaster
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnusableError(
            f"model: {MODEL_DOCUMENT}, or a file it names, cannot be read ({type(error).__name__}: {error}); train anew"
        ) from None


def read_record(folder: Path) -> str:
    """Reads the record of a model's training, JSON; `load_model` has read the model before.

    Args:
        folder: The model's files.

    Raises:
        ModelUnusableError: If it is missing, or not the one that belongs to the model.
    """
    try:
        document = json.loads((folder / MODEL_DOCUMENT).read_text(encoding="utf-8"))
        return _read(folder / RECORD, document["record"])
    except (OSError, KeyError) as error:
        raise ModelUnusableError(
            f"model: {RECORD} cannot be read: {type(error).__name__}: {error}; train anew"
        ) from None


def _feature_names(forecaster: Forecaster) -> dict[str, tuple[str, ...]]:
    """Name the features of each set of trees, in their order."""
    model = forecaster.model
    names = model.feature_names(forecaster.encoding, forecaster.covariates)
    return {regime.name.lower(): names for regime in Regime} | {OF_SPREAD: spread_names(model.demand_names)}


def _check_format(document: dict[str, Any]) -> None:
    found = document["model_format"]
    if found != MODEL_FORMAT:
        raise ModelUnusableError(
            f"model: it has format {found}, this program reads format {MODEL_FORMAT}; train a new model, or use an "
            f"image that reads format {found}"
        )


def _check_features(trees: str, known: Sequence[str], made: Sequence[str]) -> None:
    """Compare what trees were fitted to with what this program gives them: they know features by their place."""
    for place, (theirs, ours) in enumerate(zip_longest(known, made, fillvalue="nothing"), start=1):
        if theirs != ours:
            raise ModelUnusableError(
                f"model: feature {place} of its {trees} trees is {theirs}, this program gives them {ours}; train a new "
                "model, or use the image that trained this one"
            )


def _forecaster(document: dict[str, Any], trees: dict[str, TreePredictor]) -> Forecaster:
    frequency = Frequency(document["frequency"])
    learnt = tuple(
        Learnt(regime, trees.get(name), document["regimes"][name]["skew"])
        for regime in Regime
        for name in (regime.name.lower(),)
    )
    model = DirectModel(document["memory"], learnt, recipe_for(frequency))
    calibration = Calibration(
        combinations=tuple(Combination(**document["combinations"][kind]) for kind in KINDS),
        spread=Spread(trees.get(OF_SPREAD), **document["spread"]),
        errors=_errors(document["errors"]),
        count_errors=_errors(document["count_errors"]),
    )
    static = document["static"]
    encoding = StaticEncoding(
        numbers=tuple(static["numbers"]),
        categories={name: tuple(known) for name, known in static["categories"].items()},
        ignored=tuple(static["ignored"]),
    )
    config = ForecastConfig.model_validate(document["configuration"])
    covariates = document["covariates"]
    known = CovariateEncoding(
        tuple(covariates["names"]),
        {name: tuple(values) for name, values in covariates["categories"].items()},
        tuple(covariates["positive"]),
    )
    return Forecaster(
        model=model,
        calibration=calibration,
        typical_change=document["typical_change"],
        encoding=encoding,
        covariates=known,
        config=config,
        frequency=frequency,
    )


def _errors_as_json(errors: ErrorDistribution) -> dict[str, Any]:
    return {"levels": list(errors.levels), "offsets": errors.offsets.tolist()}


def _errors(content: dict[str, Any]) -> ErrorDistribution:
    return ErrorDistribution(tuple(content["levels"]), np.asarray(content["offsets"], dtype=np.float64))


def _write(text: str, path: Path) -> str:
    """Returns the SHA-256 of the file."""
    content = text.encode()
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _read(path: Path, digest: str) -> str:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ModelUnusableError(f"model: {path.name} is not the file that {MODEL_DOCUMENT} speaks of; train anew")
    return content.decode()
