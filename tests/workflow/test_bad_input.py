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

# What is uploaded, the execution's input, and what the one line must tell: found by Plan, on reading and on checking.
# What else may be wrong with demand, the container's own tests try.
CASES: dict[str, tuple[Spoil, dict[str, Any], list[str]]] = {
    "an unknown configuration key": (parquet, {"config": {"horizn": 8}}, ["horizn", "horizon"]),
    "a truncated file": (lambda rows: parquet(rows)[:-500], {}, ["demand.parquet", "cannot be read as Parquet"]),
    "duplicate weeks": (
        lambda rows: parquet(pl.concat([rows, rows.head(1)])),
        {},
        ["1 series with duplicate weeks", "(A0, M0) 2026-11-16", "keep one row"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_ends_the_run_with_one_line_and_publishes_nothing(
    application: Deployment, demand: pl.DataFrame, case: str
) -> None:
    spoil, given, told = CASES[case]
    application.upload("demand.parquet", spoil(demand))
    ended = application.run(given)
    assert (ended.status, ended.error) == ("FAILED", "InputError")
    assert [part for part in told if part not in ended.cause] == []
    assert "\n" not in ended.cause
    assert "Traceback" not in ended.cause
    assert len(ended.jobs) <= 1  # never retried
    assert application.published() is None
    assert application.forecast_keys() == []
