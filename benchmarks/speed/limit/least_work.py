"""The lower bound of the job's time."""

from pydantic import BaseModel, ConfigDict


class Limit(BaseModel):
    """The lower bound of a run: the time to decode its files and to evaluate its trees with the fastest predictor.

    Attributes:
        decode_seconds: Seconds to decode the needed columns on all cores of the run.
        forecasts: Number of rows that each model of the run predicts, by name of the model.
        microseconds: Microseconds per row in one thread, by predictor, then by model.
        cores: Number of cores that the run could use.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    decode_seconds: float
    forecasts: dict[str, int]
    microseconds: dict[str, dict[str, float]]
    cores: int

    @property
    def predictor(self) -> str:
        """Name of the predictor with the least time for all models together."""
        return min(self.microseconds, key=self._core_seconds)

    @property
    def predict_seconds(self) -> float:
        """Seconds of the fastest predictor, on all cores."""
        return self._core_seconds(self.predictor) / self.cores

    @property
    def seconds(self) -> float:
        """Seconds to decode and predict."""
        return self.decode_seconds + self.predict_seconds

    def _core_seconds(self, predictor: str) -> float:
        each = self.microseconds[predictor]
        return sum(rows * each[model] for model, rows in self.forecasts.items()) / 1e6
