"""A forecaster as files: trees as LightGBM's own text, all else as JSON. Reading them runs nothing that is in them."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from job_code.calibration import Calibration
from job_code.combination import Combination
from job_code.config import ForecastConfig
from job_code.covariate_encoding import CovariateEncoding
from job_code.error_distribution import KINDS, ErrorDistribution
from job_code.errors import ModelUnusableError
from job_code.feature_recipe import recipe_for
from job_code.forecaster import Forecaster
from job_code.frequency import Frequency
from job_code.model import DirectModel
from job_code.provenance import versions
from job_code.regimes import Learnt, Regime
from job_code.spread import Spread
from job_code.static_encoding import StaticEncoding
from job_code.tree_predictor import TreePredictor

SCHEMA = 1
DOCUMENT = "model.json"
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
    files = {name: _write(tree.text, folder / f"{name}.txt") for name, tree in trees.items() if tree is not None}
    document = {
        "schema_version": SCHEMA,
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
    (folder / DOCUMENT).write_text(json.dumps(document, indent=1, allow_nan=False), encoding="utf-8")


def load_model(folder: Path) -> Forecaster:
    """Reads what `save_model` wrote; it forecasts to the last bit what it did before.

    Args:
        folder: The folder.

    Raises:
        ModelUnusableError: If the files are not whole, or were written by other versions.
    """
    try:
        document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        _check(document)
        trees = {
            name: TreePredictor(_read(folder / f"{name}.txt", digest)) for name, digest in document["trees"].items()
        }
        return _forecaster(document, trees)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelUnusableError(
            f"model: {DOCUMENT}, or a file it names, cannot be read ({type(error).__name__}: {error}); train anew"
        ) from None


def read_record(folder: Path) -> str:
    """Reads the record of a model's training, JSON; `load_model` has read the model before.

    Args:
        folder: The model's files.

    Raises:
        ModelUnusableError: If it is missing, or not the one that belongs to the model.
    """
    try:
        document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        return _read(folder / RECORD, document["record"])
    except (OSError, KeyError) as error:
        raise ModelUnusableError(
            f"model: {RECORD} cannot be read: {type(error).__name__}: {error}; train anew"
        ) from None


def _check(document: dict[str, Any]) -> None:
    if document["schema_version"] != SCHEMA:
        raise ModelUnusableError(
            f"model: its schema is {document['schema_version']}, this program's {SCHEMA}; train anew"
        )
    was, now = document["versions"], versions()
    other = [f"{name} {was[name]}, here {now.get(name)}" for name in was if was[name] != now.get(name)]
    if other:
        raise ModelUnusableError(
            f"model: it was made with {'; '.join(other)}; train anew, or use the image it was made in"
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
        raise ModelUnusableError(f"model: {path.name} is not the file that {DOCUMENT} speaks of; train anew")
    return content.decode()
