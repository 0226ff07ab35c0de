"""One word among many numbers does not silently turn a column into categories."""

from datetime import timedelta
from pathlib import Path

import pytest

from job_code.errors import InputError
from tests.demand import LAST, run_job, shop

DEMAND = shop(4, 30)
SERIES = DEMAND["unique_id"].unique().sort().to_list()


def price_csv(prices: list[str]) -> bytes:
    """Return a CSV file with a price of each series in each of the 34 weeks up to the horizon's end."""
    weeks = [LAST + timedelta(weeks=week) for week in range(-29, 5)]
    cells = enumerate((key, week) for key in SERIES for week in weeks)
    rows = [f"{key},{week},{prices[at % len(prices)]}" for at, (key, week) in cells]
    return "\n".join(["unique_id,ds,price", *rows, ""]).encode()


@pytest.mark.parametrize(
    ("prices", "warning"),
    [
        (
            ["1.5"] * 33 + ["n/a"],
            "covariates: price is text, because of 4 values among 136, e.g. 'n/a' in line 35 of c.csv, "
            "'n/a' in line 69 of c.csv, 'n/a' in line 103 of c.csv. Write numbers, or leave them empty",
        ),
        (
            ['"6,9"', "7"],
            "covariates: price is text, because of a decimal comma in 68 values among 136, e.g. '6,9' in line 2 of "
            "c.csv, '6,9' in line 4 of c.csv, '6,9' in line 6 of c.csv. Write a decimal point",
        ),
        (["red", "blue"], None),
        (["1.5", "2", ""], None),
    ],
)
def test_covariates(tmp_path: Path, prices: list[str], warning: str | None) -> None:
    files = {"c.csv": price_csv(prices)}
    quality = run_job(tmp_path, DEMAND, covariates=files, decimal=".", n_estimators=5, horizon=4).quality
    assert quality["warnings"] == ([] if warning is None else [warning])


def test_decimal_commas_are_numbers_unless_the_setting_forbids_it(tmp_path: Path) -> None:
    quality = run_job(tmp_path, DEMAND, covariates={"c.csv": price_csv(['"6,9"', "7"])}, n_estimators=5).quality
    assert quality["warnings"] == []
    assert [note for note in quality["notes"] if "68 values in price with a decimal comma, e.g. '6,9' in c.csv" in note]


def test_static_columns(tmp_path: Path) -> None:
    rows = "".join(f"{key},{size}\n" for key, size in zip(SERIES, ["1", "2", "3", "?"], strict=True))
    more = "".join(f"B{number},{number}\n" for number in range(20))
    static = {"s.csv": f"unique_id,size\n{rows}{more}".encode()}
    quality = run_job(tmp_path, DEMAND, static=static, n_estimators=5, horizon=4).quality
    assert quality["warnings"] == [
        "static: size is text, because of 1 value among 24, e.g. '?' in line 5 of s.csv. "
        "Write numbers, or leave them empty"
    ]


def test_unclear_numbers_of_covariates_and_static_columns_end_the_run(tmp_path: Path) -> None:
    static = {"s.csv": "".join(["unique_id,size,code\n", *(f"{key},9,1.250\n" for key in SERIES)]).encode()}
    covariates = {
        "c.csv": price_csv(["1.250", "900"]),
        "d.csv": price_csv(["red", "1.250"]).replace(b"price", b"color"),
    }
    for size in (b"2.500", b"S"):
        static["s.csv"] = static["s.csv"].replace(b",9,", b"," + size + b",", 1)
        with pytest.raises(InputError) as raised:
            run_job(tmp_path / size.decode(), DEMAND, static=static, covariates=covariates, n_estimators=5)
        unclear = "1 file whose column {} has points that may separate thousands or decimals, e.g. {} ('{}' and '{}'). "
        expected = ["covariates: " + unclear.format("price", "c.csv", "1.250", "900")]
        if size == b"2.500":
            expected.insert(0, "static: " + unclear.format("size", "s.csv", "2.500", "9"))
        assert [problem.partition("Set `decimal`")[0] for problem in raised.value.problems] == expected


def test_commas_between_thousands_are_read_where_the_setting_says_so(tmp_path: Path) -> None:
    prices = {"c.csv": price_csv(['"1,250"', "900"])}
    quality = run_job(tmp_path, DEMAND, covariates=prices, decimal=".", n_estimators=5, horizon=4).quality
    assert quality["warnings"] == []
    assert not [column for column in quality["ignored_columns"] if "price" in column]
