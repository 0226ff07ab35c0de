"""What the job's work takes at least."""

from pydantic import BaseModel, ConfigDict


class Limit(BaseModel):
    """The least time of a run: its files decoded, and its trees evaluated by the fastest public predictor.

    Attributes:
        decode_seconds: To decode the files' needed columns, on all of the run's cores.
        forecasts: Number of rows that each of the run's models predicts, by the model's name.
        microseconds: That a row takes in one thread, by predictor, then by model.
        cores: That the run could use.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    decode_seconds: float
    forecasts: dict[str, int]
    microseconds: dict[str, dict[str, float]]
    cores: int

    @property
    def predictor(self) -> str:
        """Name of the predictor that takes the least time for all models together."""
        return min(self.microseconds, key=self._core_seconds)

    @property
    def predict_seconds(self) -> float:
        """Seconds of the fastest predictor, on all cores."""
        return self._core_seconds(self.predictor) / self.cores

    @property
    def seconds(self) -> float:
        """Seconds of both."""
        return self.decode_seconds + self.predict_seconds

    def _core_seconds(self, predictor: str) -> float:
        each = self.microseconds[predictor]
        return sum(rows * each[model] for model, rows in self.forecasts.items()) / 1e6
