import io
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from tests.workflow.conftest import Deployment


def parquet(rows: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    return buffer.getvalue()


Spoil = Callable[[pl.DataFrame], bytes]

# The uploaded file, the execution's input, and parts of the message. The errors arise in Plan, on reading and on
# checking. The container's tests cover other errors of demand.
CASES: dict[str, tuple[Spoil, dict[str, Any], list[str]]] = {
    "an unknown configuration key": (parquet, {"config": {"horizn": 8}}, ["horizn", "horizon"]),
    "a truncated file": (lambda rows: parquet(rows)[:-500], {}, ["demand.parquet", "cannot be read as Parquet"]),
    "duplicate weeks": (
        lambda rows: parquet(pl.concat([rows, rows.head(1)])),
        {},
        ["1 series with duplicate weeks", "(A0, M0) 2026-11-16", "Keep one row"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_invalid_input_fails_with_one_line_and_publishes_nothing(
    application: Deployment, demand: pl.DataFrame, case: str
) -> None:
    spoil, execution_input, parts = CASES[case]
    application.upload("demand.parquet", spoil(demand))
    ended = application.run(execution_input)
    assert (ended.status, ended.error) == ("FAILED", "InputError")
    assert [part for part in parts if part not in ended.cause] == []
    assert "\n" not in ended.cause
    assert "Traceback" not in ended.cause
    assert len(ended.jobs) <= 1  # never retried
    assert application.published() is None
    assert application.forecast_keys() == []
