"""A model with all that is known of it: trained by this run, or by an earlier one and read from its files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from contract.s3.keys import MODEL_DOCUMENT
from job_code.config import ForecastConfig
from job_code.errors import InputError, ModelUnusableError
from job_code.forecasting.forecaster import Forecaster
from job_code.forecasting.model_store import RECORD, load_model, model_checksum, read_record, save_model
from job_code.runtime.documents import BrokenDocumentError
from job_code.training.training_record import TrainingRecord

# What a run may settle anew although its model was trained before; and what only a training goes by.
OWN = ("cutoff", "max_model_age_days")
OF_TRAINING = (
    "sample_rows",
    "backtest_horizons",
    "n_estimators",
    "learning_rate",
    "num_leaves",
    "min_child_samples",
    "seed",
)


@dataclass(frozen=True)
class TrainedModel:
    """What a run forecasts with.

    Attributes:
        forecaster: The model.
        record: How it was made, and how good it was then.
        folder: Its files.
        sha256: Checksum of the document that names the others, hexadecimal.
        age_days: Whole days since the training.
    """

    forecaster: Forecaster
    record: TrainingRecord
    folder: Path
    sha256: str
    age_days: int

    @classmethod
    def save(cls, forecaster: Forecaster, record: TrainingRecord, folder: Path) -> "TrainedModel":
        """Writes a model that was trained just now.

        Args:
            forecaster: The model.
            record: Its training.
            folder: Where its files go; it must not exist.
        """
        folder.mkdir()
        save_model(forecaster, record.to_json(), folder)
        return cls(forecaster, record, folder, model_checksum(folder), 0)

    @classmethod
    def load(cls, folder: Path, config: ForecastConfig, *, sha256: str | None = None) -> "TrainedModel":
        """Reads the model of an earlier run, for a run that trains none.

        Args:
            folder: Its files.
            config: How this run is configured.
            sha256: What the earlier run says its checksum is, where that is known.

        Raises:
            InputError: If it is too old for this run, or made for another configuration.
            ModelUnusableError: If the files are not whole, or this program cannot read them.
        """
        forecaster = load_model(folder)
        try:
            record = TrainingRecord.from_json(read_record(folder))
        except BrokenDocumentError as error:
            raise ModelUnusableError(f"model: {RECORD} cannot be read: {error}; train a new model") from None
        found = model_checksum(folder)
        if sha256 is not None and found != sha256:
            raise ModelUnusableError(
                f"model: {MODEL_DOCUMENT} is not the one that run {record.run_id} wrote; train anew"
            )
        age = record.age_days(datetime.now(UTC))
        problems = list(_differences(forecaster, config))
        if age > config.max_model_age_days:
            problems.append(
                f"model: it was trained {age} days ago by run {record.run_id}, {config.max_model_age_days} are allowed "
                "(max_model_age_days); train anew"
            )
        if problems:
            raise InputError(problems)
        # The demand's calendar is the one that was found when the model was trained.
        settled = {name: getattr(config, name) for name in OWN} | {"frequency": forecaster.frequency.name}
        return cls(
            forecaster.configured(forecaster.config.model_copy(update=settled)),
            record,
            folder,
            found,
            age,
        )


def _differences(model: Forecaster, wanted: ForecastConfig) -> Iterator[str]:
    for name in ForecastConfig.model_fields:
        was, now = getattr(model.config, name), getattr(wanted, name)
        if name == "frequency":  # `W`, or none at all, is what it was found to be
            was = model.frequency.name
            now = was if now is None or was.startswith(f"{now}-") else now
        if name not in (*OWN, *OF_TRAINING) and was != now:
            yield f"model: it was trained with {name} {_shown(was)}, this run asks for {_shown(now)}; train anew"


def _shown(value: object) -> str:
    return "not set" if value is None else ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
