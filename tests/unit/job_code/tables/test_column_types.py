"""One word among many numbers does not silently turn a column into categories."""

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from job_code.errors import InputError
from job_code.preparation.read_input import read_input
from tests.demand import LAST, context_of, job_request, run_job, shop

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
            ["1.5"] * 33 + ["?"],
            "covariates: price is text, because of 4 values among 136, e.g. '?' in line 35 of c.csv, "
            "'?' in line 69 of c.csv, '?' in line 103 of c.csv. Write numbers, or leave them empty",
        ),
        (
            ['"6,9"', "7"],
            "covariates: price is text, because of a decimal comma in 68 values among 136, e.g. '6,9' in line 2 of "
            "c.csv, '6,9' in line 4 of c.csv, '6,9' in line 6 of c.csv. Write a decimal point",
        ),
        (
            ["5 %", "6 %"],
            "covariates: price is text, but 136 values of 136 look like numbers with signs or separators, "
            "e.g. '5 %' in line 2 of c.csv, '6 %' in line 3 of c.csv, '5 %' in line 4 of c.csv. "
            "The run uses every value as a category. Write plain numbers, e.g. 1234.5",
        ),
        (["red", "blue"], None),
        (["0"] * 33 + ["a"], None),
        (["0", "1", "2"] * 11 + ["XL"], None),
        (
            [str(at) for at in range(33)] + ["a"],
            "covariates: price is text, because of 4 values among 136, e.g. 'a' in line 35 of c.csv, "
            "'a' in line 69 of c.csv, 'a' in line 103 of c.csv. Write numbers, or leave them empty",
        ),
        (
            ["1.5"] * 33 + ["a"],
            "covariates: price is text, because of 4 values among 136, e.g. 'a' in line 35 of c.csv, "
            "'a' in line 69 of c.csv, 'a' in line 103 of c.csv. Write numbers, or leave them empty",
        ),
        (["10 Eck", "12A", "36C", "3/4", "10.1.0", "500 g", "1 kg", "2026-11-16"], None),
        (["100.200.300", "110.120.130"], None),
        (["100 200 300 400", "110 120 130 140"], None),
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


@pytest.mark.parametrize(
    ("word", "every", "name"),
    [("NA", 50, "c.csv"), ("null", 8, "c.csv"), ("-", 2, "c.csv"), (r"\N", 8, "c.csv"), (" #N/A ", 8, "c.parquet")],
)
def test_words_for_missing_values_are_missing_numbers(tmp_path: Path, word: str, every: int, name: str) -> None:
    prices = [str(5 + at % 9 / 10) for at in range(136)]
    texts = [word if at % every == 1 else price for at, price in enumerate(prices)]
    table = covariates([None if text == word else float(text) for text in texts])
    expected = run_job(tmp_path / "empty", DEMAND, covariates={"c.csv": table}, n_estimators=5)
    files = {name: covariates(list(texts)) if name.endswith("t") else price_csv(texts)}
    found = run_job(tmp_path / "words", DEMAND, covariates=files, n_estimators=5)
    assert found.forecasts.equals(expected.forecasts)
    assert found.quality["warnings"] == expected.quality["warnings"]
    count = sum(text == word for text in texts)
    note = (
        f"covariates: {count} values of 136 in price that are a word for a missing value, and count as missing, e.g. "
    )
    (line,) = [line for line in found.quality["notes"] if line.startswith(note)]
    assert repr(word.strip())[1:-1] in line
    assert line.endswith(f"of {name}. Leave them empty, or write numbers")


@pytest.mark.parametrize("values", [["NA", "EU"], ["NA", "NA"], ["none", "10", "20"]])
def test_words_for_missing_values_among_words_are_categories(tmp_path: Path, values: list[str]) -> None:
    plain = {"NA": "Africa", "none": "no"}
    files = {"c.csv": price_csv([plain.get(value, value) for value in values])}
    expected = run_job(tmp_path / "plain", DEMAND, covariates=files, n_estimators=5)
    found = run_job(tmp_path / "words", DEMAND, covariates={"c.csv": price_csv(values)}, n_estimators=5)
    assert found.forecasts.equals(expected.forecasts)
    assert found.quality["notes"] == expected.quality["notes"]


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


def covariates(values: list[object]) -> pl.DataFrame:
    return (
        pl.read_csv(price_csv(["1"]), try_parse_dates=True)
        .drop("price")
        .with_columns(price=pl.Series([values[at % len(values)] for at in range(4 * 34)]))
    )


@pytest.mark.parametrize(
    "text", ["5 €", "€5", "-$ 5.50", "(1,234.50)", "1 234", "1'234", "'5", '="5"', "5 EUR", "5-", "'5'", "1.234.567"]
)
def test_text_of_parquet_files_with_signs_is_a_warning(tmp_path: Path, text: str) -> None:
    files = {"c.parquet": covariates([text, "7"])}
    (warning,) = run_job(tmp_path, DEMAND, covariates=files, n_estimators=5, horizon=4).quality["warnings"]
    assert warning.startswith("covariates: price is text, ")
    assert f"{text!r} in row 1 of c.parquet" in warning


def test_a_few_letters_among_the_prices_of_another_file_are_a_warning(tmp_path: Path) -> None:
    table = covariates([at + 0.5 for at in range(50)])
    files = {"a.parquet": table[4:], "b.parquet": table[:4].with_columns(price=pl.lit("abc"))}
    (warning,) = run_job(tmp_path, DEMAND, covariates=files, n_estimators=5).quality["warnings"]
    assert warning.startswith("covariates: price is text, because of 4 values among 136, e.g. 'abc' in row 1 of b.parq")


@pytest.mark.parametrize("unit", [" °C", '"', "\u2033"])
def test_numbers_with_one_unit_are_a_note(tmp_path: Path, unit: str) -> None:
    files = {"c.parquet": covariates([f"20{unit}", f"7{unit}"])}
    quality = run_job(tmp_path, DEMAND, covariates=files, n_estimators=5).quality
    assert quality["warnings"] == []
    expected = f"136 values of 136 look like numbers with the unit {unit.strip()}, e.g. '20"
    assert [note for note in quality["notes"] if expected in note]


def test_text_of_parquet_files_with_numbers_is_read_as_numbers(tmp_path: Path) -> None:
    """As in CSV files, and as demand. Leading zeros and categorical types are categories on purpose."""
    values = [f"{at}.5" for at in range(40)]
    expected = run_job(tmp_path / "n", DEMAND, covariates={"c.parquet": covariates([float(each) for each in values])})
    for name, texts in {"plain": values, "padded": [f" {each} " for each in values]}.items():
        found = run_job(tmp_path / name, DEMAND, covariates={"c.parquet": covariates(list(texts))})
        assert found.forecasts.equals(expected.forecasts)
        assert found.quality["notes"] == [
            *expected.quality["notes"],
            "covariates: price is text in its files, but its values are numbers, e.g. '0.5' in row 1 of c.parquet: the "
            "run uses them as numbers. If they are categories, store them in a categorical type",
        ]
    for name, table in {
        "codes": covariates(["001", "002"]),
        "categories": covariates(["1", "2"]).with_columns(pl.col("price").cast(pl.Categorical)),
    }.items():
        finished = run_job(tmp_path / name, DEMAND, covariates={"c.parquet": table}, n_estimators=5)
        assert finished.quality["notes"] == expected.quality["notes"]
        assert finished.quality["warnings"] == []


@pytest.mark.parametrize(("true", "false"), [("true", "false"), ("True", "False"), ("TRUE", "FALSE")])
def test_booleans_and_their_words_are_the_same_categories(tmp_path: Path, true: str, false: str) -> None:
    promo = pl.col("ds").rank("dense") % 4 == 0
    table = covariates([1]).select("unique_id", "ds", promo=promo)
    rows = table.with_columns(promo=pl.when("promo").then(pl.lit("true")).otherwise(pl.lit("false")))
    other = rows.with_columns(promo=pl.when(promo).then(pl.lit(true)).otherwise(pl.lit(false)))
    ahead = pl.col("ds") > LAST
    expected = run_job(tmp_path / "text", DEMAND, covariates={"c.csv": rows}, n_estimators=5)
    files = {"past.parquet": table.filter(~ahead), "plan.csv": other.filter(ahead)}
    found = run_job(tmp_path / "both", DEMAND, covariates=files, n_estimators=5)
    assert found.forecasts.equals(expected.forecasts)
    assert found.quality["warnings"] == expected.quality["warnings"] == []
    numbers = {"past.parquet": files["past.parquet"], "plan.csv": table.filter(ahead).cast({"promo": pl.Int8})}
    as_numbers = run_job(tmp_path / "numbers", DEMAND, covariates=numbers, n_estimators=5)
    only = run_job(tmp_path / "booleans", DEMAND, covariates={"c.parquet": table}, n_estimators=5)
    assert as_numbers.forecasts.equals(only.forecasts)


@pytest.mark.parametrize("value", [float("inf"), -1e200, "1e200", " inf "])
@pytest.mark.parametrize(("source", "row"), [("covariates", 6), ("static", 3)])
def test_infinite_values_end_the_run(tmp_path: Path, value: float | str, source: str, row: int) -> None:
    table = covariates([1.0, 2.0] if isinstance(value, float) else ["1.0", "2.0"])
    table = table if source == "covariates" else table.filter(pl.col("ds") == LAST).drop("ds")
    is_wrong = pl.int_range(pl.len()) == row - 1
    table = table.with_columns(price=pl.when(is_wrong).then(pl.lit(value)).otherwise("price"))
    files = {"c.parquet": table}
    request = job_request(
        tmp_path,
        DEMAND,
        covariates=files if source == "covariates" else None,
        static=files if source == "static" else None,
    )
    with pytest.raises(InputError) as error:
        read_input(context_of(request, tmp_path))
    assert error.value.problems == (
        f"{source}: 1 row with an infinite value, or a value beyond 1e+30, in price, e.g. {float(value)} in row {row} "
        "of c.parquet. Replace the values by finite numbers",
    )
