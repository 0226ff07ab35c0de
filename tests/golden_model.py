"""Small stored models and their forecasts. `python -m tests.golden_model` makes them.

A stored model is usable as long as its features keep the meaning that they had in training. The folder `golden/` has a
model for each calendar, with the features and forecasts of some series of every type. A test compares them with the
features and forecasts that the current code computes with the same model.
"""

import json
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import lightgbm as lgb

from contract.model_format import MODEL_FORMAT
from contract.s3.keys import MODEL_DOCUMENT
from job_code.config import ForecastConfig
from job_code.errors import JobError
from job_code.exogenous.fitted_encodings import FittedEncodings
from job_code.forecasting.model_store import load_model, save_model
from job_code.model.tree_predictor import TreePredictor
from job_code.preparation.prepare import PreparedDemand
from job_code.preparation.read_input import read_input
from job_code.preparation.training_sample import Sample
from job_code.run_request import RunRequest
from tests.demand import context_of
from tests.fitted import trained
from tests.golden_demand import write_inputs
from tests.golden_tables import Tables

FOLDER = Path(__file__).parent / "golden"
MAKE = "python -m tests.golden_model"
HORIZON = 5
SCALE_TREES = 2  # of thirty; enough to detect whether they are used


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A calendar with its own features.

    Attributes:
        frequency: Name of the frequency.
        periods: Length of the longest series.
        variations: Number of series of each type that the model is trained on. It forecasts the first of each.
        holidays: Country whose public holidays are features; empty for none.
    """

    frequency: str
    periods: int
    variations: int
    holidays: str = ""

    @property
    def config(self) -> ForecastConfig:
        """The configuration, with few and small trees."""
        settings = {"frequency": self.frequency, "country_holidays": self.holidays, "horizon": HORIZON}
        return ForecastConfig.from_mapping(
            {**settings, "n_estimators": 3, "num_leaves": 6, "learning_rate": 0.5}, source="golden model"
        )

    def read(
        self, folder: Path, *, variations: int, known: FittedEncodings | None = None
    ) -> tuple[PreparedDemand, Sample]:
        """Read the demand like a run.

        Args:
            folder: A new folder. The returned objects need it.
            variations: Number of series of each type.
            known: The encodings of an earlier model.
        """
        inputs = write_inputs(
            folder / "inputs", self.frequency, periods=self.periods, horizon=HORIZON, variations=variations
        )
        request = RunRequest(run_id="golden", partition="all", inputs=inputs, config=self.config)
        demand, _ = read_input(context_of(request, folder), known=known)
        return demand, Sample.draw(demand, self.config.sample_rows)


CALENDARS = {
    "daily": Calendar(frequency="D", periods=800, variations=8, holidays="DE"),
    "weekly": Calendar(frequency="W-SUN", periods=130, variations=8),
    "monthly": Calendar(frequency="MS", periods=40, variations=32),
}


def stored_format(name: str) -> int:
    """Return the format of a golden model."""
    return int(json.loads((FOLDER / name / MODEL_DOCUMENT).read_text(encoding="utf-8"))["model_format"])


def problem(name: str, folder: Path) -> str | None:
    """Compare a golden model with the current code. Return the differences and what to do, or None.

    Args:
        name: Name of its calendar.
        folder: A new folder.
    """
    stored = stored_format(name)
    if stored != MODEL_FORMAT:
        return f"{name}: the golden model has format {stored}, the code {MODEL_FORMAT}; run `{MAKE}`, commit the files"
    try:
        model = load_model(FOLDER / name)
        _, sample = CALENDARS[name].read(folder, variations=1, known=model.encodings)
        lines = Tables.read(FOLDER / name).differences(Tables.of(model, sample))
    except JobError as error:
        lines = [str(error)]
    if not lines:
        return None
    listed = "\n  ".join(lines)
    return (
        f"{name}: with a stored model, the code computes other values:\n  {listed}\n"
        f"If this is intended, raise MODEL_FORMAT in contract/model_format.py, run `{MAKE}` and commit the files."
    )


def make(name: str, folder: Path) -> None:
    """Train a golden model, and store it with its features and forecasts of the golden series.

    Args:
        name: Name of its calendar.
        folder: A new folder.
    """
    calendar = CALENDARS[name]
    (folder / "training").mkdir()
    demand, sample = calendar.read(folder / "training", variations=calendar.variations)
    whole = trained(sample, demand, calendar.config)
    scale = whole.calibrator.residual_scale
    assert scale.trees is not None
    few = TreePredictor(lgb.Booster(model_str=scale.trees.text).model_to_string(num_iteration=SCALE_TREES))
    model = replace(whole, calibrator=replace(whole.calibrator, residual_scale=replace(scale, trees=few)))
    made = folder / "made"
    made.mkdir()
    save_model(model, "{}", made)
    (folder / "golden").mkdir()
    _, golden = calendar.read(folder / "golden", variations=1, known=load_model(made).encodings)
    Tables.of(load_model(made), golden).write(made)
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    shutil.copytree(made, FOLDER / name)


def main() -> int:
    """Rebuild all golden models. Stop if the code computes other values with an existing model of the same format.

    Returns:
        The exit code.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for name in CALENDARS:
            old, new = Path(scratch) / f"{name}-old", Path(scratch) / f"{name}-new"
            old.mkdir()
            new.mkdir()
            if (FOLDER / name).exists() and stored_format(name) == MODEL_FORMAT and (message := problem(name, old)):
                sys.stderr.write(f"{message}\n")
                return 1
            make(name, new)
            sys.stdout.write(f"{FOLDER / name}: format {MODEL_FORMAT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
