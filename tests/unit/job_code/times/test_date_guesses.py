"""A message about unreadable dates names what they probably are."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from job_code.times.date_guesses import guess_remedy
from tests.demand import problems, shop

DEMAND = shop(2, 20)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            [45_579, 45_586],
            "These are probably days of a spreadsheet: 45579 is 2024-10-14. Write dates like 2026-11-16",
        ),
        (["45579.5"], "These are probably days of a spreadsheet: 45579.5 is 2024-10-14"),
        ([1_728_864_000], "These are probably seconds since 1970: 1728864000 is 2024-10-14"),
        ([1_728_864_000_000], "These are probably milliseconds since 1970: 1728864000000 is 2024-10-14"),
        (["1728864000000000"], "These are probably microseconds since 1970"),
        ([1_728_864_000_000_000_000], "These are probably nanoseconds since 1970"),
        (["1/2/2024", "10/14/2024"], "The month is probably first, as in the United States. Write dates like"),
        (["10/14/2024 05:00"], "The month is probably first"),
        (["14/10/2024"], "The day is probably first"),
        (["14-10-2024"], "The day is probably first"),
        (["1/2/2024"], "Day and month are unclear"),
        (["14.10.24"], "Years of two digits are unclear"),
        (["10/14/24"], "Years of two digits are unclear"),
        ([202_442], "Write weeks like 2026-W05, and months like 2026-01"),
        (["2024W42", "2024-KW43"], "Write weeks like 2026-W05, and months like 2026-01"),
        (["W42 2024", "KW43/2024"], "Write weeks like 2026-W05, and months like 2026-01"),
        (["10/2024", "11-2024"], "Write weeks like 2026-W05, and months like 2026-01"),
        (["Q3/2026", "4Q2026", "2026 Q1"], "Write quarters like 2026-Q3"),
        (["2025-W53"], "The year 2025 has the weeks 2025-W01 to 2025-W52. Correct 2025-W53"),
        (["2026-W54"], "The year 2026 has the weeks 2026-W01 to 2026-W53. Correct 2026-W54"),
        (["2026-11-16 24:00", "2026-11-17T24:00:00"], "Write 24:00 as 00:00 of the next day"),
        (["01.09.2026 24:00"], "Write 24:00 as 00:00 of the next day"),
        (["01.09.2026 5 Uhr"], "Write dates like 2026-11-16, and times like 2026-11-16 05:00"),
        (["10.14.2024"], "The month is probably first"),
        (["2026-02-30"], "The calendar has no such date. Correct it"),
        (["2026-13"], "The calendar has no such date. Correct it"),
        (["ds", "ds"], "Remove the repeated lines of the header"),
        ([2024, "2025"], "Write years like 2026-01-01"),
        ([634, 635], "Write dates like 2026-11-16; in pandas, .dt.to_timestamp() converts periods. If the column num"),
        ([7.0], "Write dates like 2026-11-16; in pandas, .dt.to_timestamp() converts periods. If the column num"),
        ([202_442.0], "Write weeks like 2026-W05"),
        (["14 Oct 2024", "October 21, 2024"], "Write dates like 2026-11-16, without names of months"),
    ],
)
def test_known_forms_are_named(values: list[object], expected: str) -> None:
    remedy = guess_remedy(values, column="ds")
    assert remedy is not None
    assert remedy.startswith(expected)


@pytest.mark.parametrize("values", [[], [None], [""], ["x"], [20_261_131], ["45579", "x"], [1.5], ["ds", "x"]])
def test_other_values_have_no_guess(values: list[object]) -> None:
    assert guess_remedy(values) is None


@pytest.mark.parametrize(
    ("ds", "settings", "expected"),
    [
        (pl.col("ds").dt.strftime("%m/%d/%Y"), {}, "The month is probably first"),
        (pl.col("ds").cast(pl.Int32) + 25_569, {}, "probably days of a spreadsheet: 46209 is 2026-07-06"),
        (pl.col("ds").dt.epoch("ms"), {}, "probably milliseconds since 1970: 1783296000000 is 2026-07-06"),
        (pl.col("ds").dt.epoch("ms"), {"frequency": "1"}, "probably milliseconds since 1970"),
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_the_message_has_the_guess(
    tmp_path: Path, name: str, ds: pl.Expr, settings: dict[str, Any], expected: str
) -> None:
    (message,) = problems(tmp_path, {name: DEMAND.with_columns(ds=ds)}, **settings)
    assert expected in message
