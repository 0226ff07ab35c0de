"""A trained model with its record and files, from this run or from an earlier one."""

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
from job_code.tables.validation_report import plural
from job_code.training.training_record import TrainingRecord

# A run with an earlier model sets its own values for the first keys. Only a training uses the other keys.
PER_RUN_KEYS = ("cutoff", "max_model_age_days")
TRAINING_ONLY_KEYS = (
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
    """The model of a run.

    Attributes:
        forecaster: The forecaster.
        record: The record of its training, with its backtest scores.
        folder: Folder of its files.
        sha256: Checksum of the model document, hexadecimal. The document has the checksums of the other files.
        age_days: Whole days since the training.
    """

    forecaster: Forecaster
    record: TrainingRecord
    folder: Path
    sha256: str
    age_days: int

    @classmethod
    def save(cls, forecaster: Forecaster, record: TrainingRecord, folder: Path) -> "TrainedModel":
        """Write the files of a new model.

        Args:
            forecaster: The forecaster.
            record: The record of its training.
            folder: Folder of its files; it must not exist.
        """
        folder.mkdir()
        save_model(forecaster, record.to_json(), folder)
        return cls(forecaster, record, folder, model_checksum(folder), 0)

    @classmethod
    def load(cls, folder: Path, config: ForecastConfig, *, sha256: str | None = None) -> "TrainedModel":
        """Load the model of an earlier run.

        Args:
            folder: Folder of its files.
            config: Configuration of this run.
            sha256: Checksum of the model document from the earlier run's manifest; None if unknown.

        Raises:
            InputError: If the model is too old, or was trained with another configuration.
            ModelUnusableError: If a file is missing or damaged, or this program cannot read it.
        """
        forecaster = load_model(folder)
        try:
            record = TrainingRecord.from_json(read_record(folder))
        except BrokenDocumentError as error:
            raise ModelUnusableError(f"model: {RECORD} cannot be read: {error}; train a new model") from None
        found = model_checksum(folder)
        if sha256 is not None and found != sha256:
            raise ModelUnusableError(
                f"model: {MODEL_DOCUMENT} does not have the checksum that run {record.run_id} recorded; "
                "train a new model"
            )
        age = record.age_days(datetime.now(UTC))
        problems = list(_differences(forecaster, config))
        if age > config.max_model_age_days:
            problems.append(
                f"model: run {record.run_id} trained it {plural(age, 'day')} ago, max_model_age_days allows "
                f"{config.max_model_age_days}; train a new model"
            )
        if problems:
            raise InputError(problems)
        # The model fixes the calendar that the training found in its demand.
        settled = {name: getattr(config, name) for name in PER_RUN_KEYS} | {"frequency": forecaster.frequency.name}
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
        if name == "frequency":  # `W`, `QS` or no frequency stands for the calendar that the training found
            was = model.frequency.name
            now = was if now is None or was.startswith((f"{now}-", f"{now}@")) else now
        if name not in (*PER_RUN_KEYS, *TRAINING_ONLY_KEYS) and was != now:
            yield f"model: {name} is {_shown(was)} in the model and {_shown(now)} in this run; train a new model"


def _shown(value: object) -> str:
    return "not set" if value is None else ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
