"""A model travels as text and JSON, and forecasts to the last bit what it did before."""

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
    given = pl.concat([shop(100, 170, noise=0.3), odd])
    described = pl.DataFrame({"unique_id": given["unique_id"].unique().sort()}).with_columns(
        brand=pl.col("unique_id").str.slice(0, 1), size=pl.int_range(pl.len()).cast(pl.Float64)
    )
    return prepared(tmp_path_factory.mktemp("ready"), {"a.parquet": given}, CONFIG, static={"s.parquet": described})


@pytest.fixture(scope="module")
def learnt(ready: PreparedDemand) -> tuple[Forecaster, Sample]:
    sample = Sample.draw(ready, CONFIG.sample_rows)
    return trained(sample, ready, CONFIG), sample


@pytest.fixture
def folder(learnt: tuple[Forecaster, Sample], tmp_path: Path) -> Path:
    save_model(learnt[0], RECORD_TEXT, tmp_path)
    return tmp_path


def test_it_forecasts_what_it_did_before(learnt: tuple[Forecaster, Sample], folder: Path) -> None:
    forecaster, sample = learnt
    given = (sample.panel, sample.exogenous, sample.active)
    before, after = forecaster.forecast(*given), load_model(folder).forecast(*given)
    assert before.mean.tolist() == after.mean.tolist()
    assert before.quantiles.tolist() == after.quantiles.tolist()


def test_nothing_is_lost(
    learnt: tuple[Forecaster, Sample], folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    loaded = load_model(folder)
    assert (loaded.config, loaded.encoding) == (CONFIG, learnt[0].encoding)
    assert loaded.encoding.categories
    again = tmp_path_factory.mktemp("again")
    save_model(loaded, RECORD_TEXT, again)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_the_files_are_text(folder: Path) -> None:
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["model.json", "regular.txt", "sparse.txt", "spread.txt", "training.json"]
    for name in names:
        assert (folder / name).read_text().startswith("{" if name in (MODEL_DOCUMENT, RECORD) else "tree\n")


def changed(**changes: object) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        document = json.loads((folder / MODEL_DOCUMENT).read_text())
        (folder / MODEL_DOCUMENT).write_text(json.dumps({**document, **changes}))

    return spoil


def renamed(trees: str, place: int, name: str | None) -> Callable[[Path], None]:
    """Give one feature of a set of trees another name, or take it out."""

    def spoil(folder: Path) -> None:
        document = json.loads((folder / MODEL_DOCUMENT).read_text())
        features = document["trees"][trees]["features"]
        features[place] = name
        document["trees"][trees]["features"] = [feature for feature in features if feature is not None]
        (folder / MODEL_DOCUMENT).write_text(json.dumps(document))

    return spoil


def test_the_document_names_the_features_of_each_set_of_trees(learnt: tuple[Forecaster, Sample], folder: Path) -> None:
    forecaster, sample = learnt
    trees = json.loads((folder / MODEL_DOCUMENT).read_text())["trees"]
    (block, *_) = forecaster.model.blocks(sample.panel, sample.exogenous, sample.active, CONFIG.horizon)
    names = trees["regular"]["features"]
    assert len(names) == block.rows.shape[1]
    assert {"lag1", "static brand", "static size", "step"} <= set(names)
    assert trees["sparse"]["features"] == names
    assert trees["spread"]["features"] == [*(names[at] for at in block.of_demand), "size", "change", "forecast"]


def test_other_versions_do_not_make_another_model(folder: Path) -> None:
    changed(versions={"python": "3.11.0", "mlforecast": "0.1", "program": "0123456789ab"})(folder)
    assert load_model(folder).config == CONFIG


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            changed(model_format=MODEL_FORMAT + 1),
            f"it has format {MODEL_FORMAT + 1}, this program reads format {MODEL_FORMAT}; train a new model, or use an "
            f"image that reads format {MODEL_FORMAT + 1}",
        ),
        (renamed("regular", 0, "lag9"), "feature 1 of its regular trees is lag9, this program gives them lag1; train "),
        (renamed("spread", -1, None), " of its spread trees is nothing, this program gives them forecast; train a new"),
        (changed(residual_scale=None), "model.json cannot be read: spread: Input should be"),
        (changed(configuration={"horizon": -1}), "cannot be read: configuration.horizon: Input should be greater"),
        (lambda folder: (folder / "regular.txt").write_text("tree\n"), "regular.txt is not the file that model.json"),
        (lambda folder: (folder / "regular.txt").unlink(), "regular.txt cannot be read: No such file"),
        (lambda folder: (folder / MODEL_DOCUMENT).write_bytes(b"\x80\x04"), "model.json cannot be read: Invalid JSON"),
        (lambda folder: (folder / MODEL_DOCUMENT).unlink(), "model.json cannot be read: No such file"),
        (changed(segments={"regular": {"skew": 1.0}}), "model.json cannot be read: segments: sparse is missing"),
        (changed(frequency="fortnightly"), "model.json cannot be read: frequency 'fortnightly' does not say"),
        (changed(errors={"levels": [0.5], "offsets": [["a"]]}), "cannot be read: errors.values.0.0: Input should be"),
    ],
)
def test_files_that_are_no_model_of_ours(folder: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(folder)
    with pytest.raises(ModelUnusableError, match=r"^model: ") as error:
        load_model(folder)
    assert said in str(error.value)
