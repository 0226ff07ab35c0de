"""Small stored models, and what they forecast: `python -m tests.golden_model` makes them.

A stored model is of use as long as its features mean what they meant when it was trained. For each calendar there is
a model below `golden/`, with the features of some series of every kind and the forecasts for them. A test compares
them with what the code makes of the same model today.
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
SPREAD_TREES = 2  # of thirty: enough to see that they are used


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """A calendar; each has features of its own.

    Attributes:
        frequency: Name of the frequency.
        periods: Length of the longest series.
        variations: Series of each kind that the model is trained on; it forecasts the first of each.
        holidays: Country whose public holidays are features; none when empty.
    """

    frequency: str
    periods: int
    variations: int
    holidays: str = ""

    @property
    def config(self) -> ForecastConfig:
        """The configuration: few trees, and small ones."""
        given = {"frequency": self.frequency, "country_holidays": self.holidays, "horizon": HORIZON}
        return ForecastConfig.from_mapping(
            {**given, "n_estimators": 3, "num_leaves": 6, "learning_rate": 0.5}, source="golden model"
        )

    def read(
        self, folder: Path, *, variations: int, known: FittedEncodings | None = None
    ) -> tuple[PreparedDemand, Sample]:
        """Read the demand as a run does.

        Args:
            folder: A new folder, which must outlive what is returned.
            variations: Series of each kind.
            known: The encodings of a model that was trained before.
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
    """Tell the format of a golden model."""
    return int(json.loads((FOLDER / name / MODEL_DOCUMENT).read_text(encoding="utf-8"))["model_format"])


def problem(name: str, folder: Path) -> str | None:
    """Say what keeps a golden model from being what today's code makes of it, and what to do.

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
        f"{name}: the code makes something else of a stored model:\n  {listed}\n"
        f"If that is meant, raise MODEL_FORMAT in contract/model_format.py, then run `{MAKE}` and commit the files."
    )


def make(name: str, folder: Path) -> None:
    """Train a golden model, and keep it with what it makes of the golden series.

    Args:
        name: Name of its calendar.
        folder: A new folder.
    """
    calendar = CALENDARS[name]
    (folder / "training").mkdir()
    demand, sample = calendar.read(folder / "training", variations=calendar.variations)
    whole = trained(sample, demand, calendar.config)
    spread = whole.calibrator.residual_scale
    assert spread.trees is not None
    few = TreePredictor(lgb.Booster(model_str=spread.trees.text).model_to_string(num_iteration=SPREAD_TREES))
    model = replace(whole, calibrator=replace(whole.calibrator, residual_scale=replace(spread, trees=few)))
    made = folder / "made"
    made.mkdir()
    save_model(model, "{}", made)
    (folder / "golden").mkdir()
    _, golden = calendar.read(folder / "golden", variations=1, known=load_model(made).encodings)
    Tables.of(load_model(made), golden).write(made)
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    shutil.copytree(made, FOLDER / name)


def main() -> int:
    """Make all golden models anew, unless the code makes something else of those there are and has the same format.

    Returns:
        The exit code.
    """
    with tempfile.TemporaryDirectory() as scratch:
        for name in CALENDARS:
            old, new = Path(scratch) / f"{name}-old", Path(scratch) / f"{name}-new"
            old.mkdir()
            new.mkdir()
            if (FOLDER / name).exists() and stored_format(name) == MODEL_FORMAT and (told := problem(name, old)):
                sys.stderr.write(f"{told}\n")
                return 1
            make(name, new)
            sys.stdout.write(f"{FOLDER / name}: format {MODEL_FORMAT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
