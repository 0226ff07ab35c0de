import hashlib
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from job_code.forecasting.forecast_files import Forecast, ForecastFile, write_forecast
from job_code.series.frequency import Frequency
from job_code.series.panel import Panel
from tests.demand import configured


def forecast(count: int, horizon: int, name: str = "W-SUN") -> Forecast:
    frequency = Frequency(name)
    last = np.arange(count) % 2 + 3000  # series end in different periods
    panel = Panel(
        keys=pl.DataFrame({"article": [f"A{at:03d}" for at in range(count)], "merchant": range(count)}),
        frequency=frequency,
        first_period=last.astype(np.int64),
        lengths=np.ones(count, dtype=np.int64),
        values=np.ones(count),
        observed=np.ones(count, dtype=bool),
    )
    mean = np.arange(count * horizon, dtype=float).reshape(count, horizon)
    return Forecast(panel, mean, np.stack([mean - 1, mean, mean + 1], axis=2))


def test_every_series_and_period_is_written_once(tmp_path: Path) -> None:
    table = forecast(7, 5)
    config = configured(key="article,merchant", quantiles="0.1,0.5,0.975")
    file = write_forecast(table, config, tmp_path / "part-00003.parquet")
    content = (tmp_path / "part-00003.parquet").read_bytes()
    assert file == ForecastFile(
        name="part-00003.parquet", rows=35, bytes=len(content), sha256=hashlib.sha256(content).hexdigest()
    )
    written = pl.read_parquet(content)
    assert written["article"].to_list() == [f"A{at:03d}" for at in range(7) for _ in range(5)]
    assert written["merchant"].to_list() == [at for at in range(7) for _ in range(5)]
    frequency = table.panel.frequency
    assert written["ds"].dt.date().to_list() == [
        frequency.label_of(3000 + at % 2 + 1 + step) for at in range(7) for step in range(5)
    ]
    assert written["mean"].to_list() == list(range(35))
    assert written["q97_5"].to_list() == [at + 1 for at in range(35)]


@pytest.mark.parametrize("name", ["D", "B", "W-MON", "MS", "ME", "QS-JAN", "h", "1"])
def test_the_schema_matches_the_contract(tmp_path: Path, name: str) -> None:
    path = tmp_path / "part-00000.parquet"
    write_forecast(forecast(2, 3, name), configured(key="article,merchant"), path)
    schema = pq.read_schema(path)
    assert schema.names == ["article", "merchant", "ds", "mean", "q10", "q50", "q90"]
    assert schema.field("ds").type == {"h": pa.timestamp("us"), "1": pa.int64()}.get(name, pa.date32())
    assert schema.field("merchant").type == pa.int64()
    assert {schema.field(column).type for column in schema.names[3:]} == {pa.float32()}
