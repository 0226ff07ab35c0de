"""A model is stored as text and JSON, and its forecasts are bit-identical after it is loaded."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from contract.model_format import MODEL_FORMAT
from contract.s3.keys import MODEL_DOCUMENT
from job_code.errors import ModelUnusableError
from job_code.forecasting.forecaster import Forecaster
from job_code.forecasting.model_store import RECORD, load_model, save_model
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.training_sample import Sample
from tests.demand import configured, prepared, series, shop
from tests.fitted import trained

CONFIG = configured(n_estimators=20)
RECORD_TEXT = '{"of": "the training"}'


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> PreparedDemand:
    odd = series({"new": [5.0], "dead": [4.0] * 5 + [0.0] * 80, "sparse": [0.0, 0.0, 3.0] * 30})
    demand = pl.concat([shop(100, 170, noise=0.3), odd])
    description = pl.DataFrame({"unique_id": demand["unique_id"].unique().sort()}).with_columns(
        brand=pl.col("unique_id").str.slice(0, 1), size=pl.int_range(pl.len()).cast(pl.Float64)
    )
    return prepared(tmp_path_factory.mktemp("ready"), {"a.parquet": demand}, CONFIG, static={"s.parquet": description})


@pytest.fixture(scope="module")
def fitted(ready: PreparedDemand) -> tuple[Forecaster, Sample]:
    sample = Sample.draw(ready, CONFIG.sample_rows)
    return trained(sample, ready, CONFIG), sample


@pytest.fixture
def folder(fitted: tuple[Forecaster, Sample], tmp_path: Path) -> Path:
    save_model(fitted[0], RECORD_TEXT, tmp_path)
    return tmp_path


def test_a_loaded_model_makes_the_same_forecasts(fitted: tuple[Forecaster, Sample], folder: Path) -> None:
    forecaster, sample = fitted
    arguments = (sample.panel, sample.exogenous, sample.active)
    before, after = forecaster.forecast(*arguments), load_model(folder).forecast(*arguments)
    assert before.mean.tolist() == after.mean.tolist()
    assert before.quantiles.tolist() == after.quantiles.tolist()


def test_a_model_survives_a_round_trip(
    fitted: tuple[Forecaster, Sample], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    loaded = load_model(folder)
    assert (loaded.config, loaded.encoding) == (CONFIG, fitted[0].encoding)
    assert loaded.encoding.categories
    again = tmp_path_factory.mktemp("again")
    save_model(loaded, RECORD_TEXT, again)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_the_files_are_text(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["dense.txt", "intermittent.txt", "model.json", "residual_scale.txt", "training.json"]
    for name in names:
        assert (folder / name).read_text().startswith("{" if name in (MODEL_DOCUMENT, RECORD) else "tree\n")


def changed(**changes: object) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        document = json.loads((folder / MODEL_DOCUMENT).read_text())
        (folder / MODEL_DOCUMENT).write_text(json.dumps({**document, **changes}))

    return spoil


def renamed(trees: str, place: int, name: str | None) -> Callable[[Path], None]:
    """Rename one feature of a set of trees, or remove it."""

    def spoil(folder: Path) -> None:
        document = json.loads((folder / MODEL_DOCUMENT).read_text())
        features = document["trees"][trees]["features"]
        features[place] = name
        document["trees"][trees]["features"] = [feature for feature in features if feature is not None]
        (folder / MODEL_DOCUMENT).write_text(json.dumps(document))

    return spoil


def test_the_document_names_the_features_of_each_set_of_trees(fitted: tuple[Forecaster, Sample], folder: Path) -> None:
    forecaster, sample = fitted
    trees = json.loads((folder / MODEL_DOCUMENT).read_text())["trees"]
    (block, *_) = forecaster.model.blocks(sample.panel, sample.exogenous, sample.active, CONFIG.horizon)
    names = trees["dense"]["features"]
    assert len(names) == block.rows.shape[1]
    assert {"lag1", "static brand", "static size", "step"} <= set(names)
    assert trees["intermittent"]["features"] == names
    assert trees["residual_scale"]["features"] == [
        *(names[at] for at in block.of_demand),
        "scale",
        "mean absolute change",
        "forecast",
    ]


def test_other_versions_do_not_make_another_model(folder: Path) -> None:
    changed(versions={"python": "3.11.0", "mlforecast": "0.1", "program": "0123456789ab"})(folder)
    assert load_model(folder).config == CONFIG


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            changed(model_format=MODEL_FORMAT + 1),
            f"its format is {MODEL_FORMAT + 1}, this program reads format {MODEL_FORMAT}; train a new model, or use an "
            f"image that reads format {MODEL_FORMAT + 1}",
        ),
        (renamed("dense", 0, "lag9"), "feature 1 of its dense trees is lag9, in this program it is lag1; train a new"),
        (renamed("residual_scale", -1, None), " trees is missing, in this program it is forecast; train a new model"),
        (changed(residual_scale=None), "model.json cannot be read: residual_scale: Input should be"),
        (changed(configuration={"horizon": -1}), "cannot be read: configuration.horizon: Input should be greater"),
        (lambda folder: (folder / "dense.txt").write_text("tree\n"), "dense.txt does not match its checksum in model."),
        (lambda folder: (folder / "dense.txt").unlink(), "dense.txt cannot be read: No such file"),
        (lambda folder: (folder / MODEL_DOCUMENT).write_bytes(b"\x80\x04"), "model.json cannot be read: Invalid JSON"),
        (lambda folder: (folder / MODEL_DOCUMENT).unlink(), "model.json cannot be read: No such file"),
        (
            changed(segments={"dense": {"mean_to_median_ratio": 1.0}}),
            "model.json cannot be read: segments: intermittent is missing",
        ),
        (changed(frequency="fortnightly"), "model.json cannot be read: frequency 'fortnightly' does not define"),
        (
            changed(residuals={"levels": [0.5], "values": [["a"]]}),
            "cannot be read: residuals.values.0.0: Input should be",
        ),
    ],
)
def test_invalid_model_files_are_rejected(folder: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(folder)
    with pytest.raises(ModelUnusableError, match=r"^model: ") as error:
        load_model(folder)
    assert message in str(error.value)
