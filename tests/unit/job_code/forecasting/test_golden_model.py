"""The forecasts of a stored model change only together with the number of its format."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.model_format import MODEL_FORMAT
from job_code.features.feature_matrix import Columns, ForecastOrigins
from job_code.features.lag_features import last_origins
from job_code.forecasting import model_document, model_store
from job_code.forecasting.forecaster import Forecaster
from job_code.forecasting.model_store import load_model
from job_code.preparation.training_sample import Sample
from job_code.series.arrays import Integers
from tests import golden_model
from tests.golden_model import CALENDARS, FOLDER, main, problem, stored_format
from tests.golden_tables import Tables

Change = Callable[[Callable[[ForecastOrigins], ForecastOrigins]], None]


@pytest.fixture(scope="module", params=CALENDARS)
def golden(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Forecaster, Sample]:
    """A golden model and its series."""
    name: str = request.param
    model = load_model(FOLDER / name)
    _, sample = CALENDARS[name].read(tmp_path_factory.mktemp(name), variations=1, known=model.encodings)
    return name, model, sample


@pytest.fixture
def at_the_origins(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Change the data of the forecast origins."""

    def change(changed: Callable[[ForecastOrigins], ForecastOrigins]) -> None:
        monkeypatch.setattr(
            "job_code.model.direct_model.last_origins",
            lambda *arguments, **named: changed(last_origins(*arguments, **named)),
        )

    return change


@pytest.mark.parametrize("name", CALENDARS)
def test_a_stored_model_makes_the_same_features_and_forecasts(name: str, tmp_path: Path) -> None:
    assert problem(name, tmp_path) is None


def test_a_model_and_its_rows_have_the_same_feature_names(
    golden: tuple[str, Forecaster, Sample], at_the_origins: Change
) -> None:
    name, model, sample = golden
    seen: list[tuple[str, ...]] = []

    def remembered(origins: ForecastOrigins) -> ForecastOrigins:
        seen.append(origins.names)
        return origins

    at_the_origins(remembered)
    Tables.of(model, sample)
    assert set(seen) == {tuple(Tables.read(FOLDER / name).features.columns[2:])}


def test_a_change_of_any_feature_is_detected(
    golden: tuple[str, Forecaster, Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, model, sample = golden
    expected, rows = Tables.read(FOLDER / name), ForecastOrigins.rows
    for place, feature in enumerate(expected.features.columns[2:]):

        def perturbed(
            self: ForecastOrigins, index: Integers, step: Integers, *, of_changes: bool, place: int = place
        ) -> Columns:
            found = rows(self, index, step, of_changes=of_changes).copy()
            found[:, place] = found[:, place] * 1.0001 + 0.0001
            return found

        monkeypatch.setattr(ForecastOrigins, "rows", perturbed)
        lines = expected.differences(Tables.of(model, sample))
        assert [line for line in lines if line.startswith("features:")], feature
        assert all(line.startswith((f"features: {feature} of ", "forecasts: ")) for line in lines)


def test_two_swapped_features_are_detected(
    golden: tuple[str, Forecaster, Sample], monkeypatch: pytest.MonkeyPatch
) -> None:
    name, model, sample = golden
    expected, rows = Tables.read(FOLDER / name), ForecastOrigins.rows

    def swapped(self: ForecastOrigins, index: Integers, step: Integers, *, of_changes: bool) -> Columns:
        found = rows(self, index, step, of_changes=of_changes).copy()
        found[:, [0, 1]] = found[:, [1, 0]]
        return found

    monkeypatch.setattr(ForecastOrigins, "rows", swapped)
    features = [line for line in expected.differences(Tables.of(model, sample)) if line.startswith("features:")]
    assert [line.split()[1] for line in features] == ["lag1", "lag2"]


def test_a_change_of_the_forecasts_is_detected(golden: tuple[str, Forecaster, Sample], at_the_origins: Change) -> None:
    name, model, sample = golden
    at_the_origins(lambda origins: replace(origins, lag_features=origins.lag_features * np.float32(1.001)))
    lines = Tables.read(FOLDER / name).differences(Tables.of(model, sample))
    assert {line.split()[1] for line in lines if line.startswith("forecasts:")} >= {"mean", "q10", "q90"}


@pytest.mark.parametrize("seed", range(3))
def test_rounding_differences_of_another_processor_are_ignored(
    golden: tuple[str, Forecaster, Sample], at_the_origins: Change, seed: int
) -> None:
    name, model, sample = golden
    random = np.random.default_rng(seed)

    def shaken(values: Any) -> Any:
        return (values * (1 + random.uniform(-5e-7, 5e-7, values.shape))).astype(values.dtype)

    at_the_origins(
        lambda origins: replace(origins, lag_features=shaken(origins.lag_features), values=shaken(origins.values))
    )
    assert Tables.read(FOLDER / name).differences(Tables.of(model, sample)) == []


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A copy of the monthly model that a test may change."""
    folder = tmp_path / "golden"
    shutil.copytree(FOLDER / "monthly", folder / "monthly")
    monkeypatch.setattr(golden_model, "FOLDER", folder)
    monkeypatch.setattr(golden_model, "CALENDARS", {"monthly": CALENDARS["monthly"]})
    return folder / "monthly"


def raise_the_format(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (golden_model, model_document, model_store):
        monkeypatch.setattr(module, "MODEL_FORMAT", MODEL_FORMAT + 1)


def test_a_new_format_needs_a_new_golden_model(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    raise_the_format(monkeypatch)
    message = problem("monthly", tmp_path / "scratch")
    assert message is not None
    assert f"has format {MODEL_FORMAT}, the code {MODEL_FORMAT + 1}; run `python -m tests.golden_model`" in message
    assert main() == 0
    assert stored_format("monthly") == MODEL_FORMAT + 1
    assert {path.name for path in elsewhere.iterdir()} == {path.name for path in (FOLDER / "monthly").iterdir()}


def test_other_forecasts_need_a_new_format_before_a_new_golden_model(
    elsewhere: Path, at_the_origins: Change, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_origins(lambda origins: replace(origins, lag_features=origins.lag_features * np.float32(1.01)))
    before = {path.name: path.read_bytes() for path in elsewhere.iterdir()}
    assert main() == 1
    message = capsys.readouterr().err
    assert "features: lag1 of " in message
    assert "raise MODEL_FORMAT in contract/model_format.py" in message
    assert {path.name: path.read_bytes() for path in elsewhere.iterdir()} == before
    raise_the_format(monkeypatch)
    assert main() == 0
