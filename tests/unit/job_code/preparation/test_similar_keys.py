from pathlib import Path

import polars as pl
import pytest

from job_code.demand.work_sizes import WorkSizes
from tests.demand import LAST, run_job, shop

DEMAND = shop(4, 40)  # series A000 to A003
FEW_TREES = {"n_estimators": 5, "horizon": 2}
SMALL = WorkSizes(rows_per_batch=50, rows_per_shard=40)


def with_second_name(name: pl.Expr, *, of: int = 2) -> pl.DataFrame:
    """Return the demand with another name for the first series in the second half of their history."""
    chosen = (pl.col("unique_id") < f"A{of:03d}") & (pl.col("ds") > DEMAND["ds"].unique().sort()[19])
    return DEMAND.with_columns(unique_id=pl.when(chosen).then(name).otherwise("unique_id"))


@pytest.mark.parametrize(
    "name",
    [pl.col("unique_id") + " ", pl.col("unique_id").str.to_lowercase(), pl.lit("00") + pl.col("unique_id")],
)
def test_series_under_two_names_are_a_warning(tmp_path: Path, name: pl.Expr) -> None:
    finished = run_job(tmp_path, with_second_name(name), sizes=SMALL, **FEW_TREES)  # type: ignore[arg-type]
    (warning,) = finished.quality["warnings"]
    second = pl.DataFrame({"unique_id": ["A000", "A001"]}).select(name).to_series().to_list()
    pairs = [
        " and ".join(sorted([repr(first), repr(other)])) for first, other in zip(["A000", "A001"], second, strict=True)
    ]
    assert warning == (
        "demand: 4 series with a key that differs from another only in case, blanks, zeros, quotes, dashes or "
        "invisible characters, e.g. "
        f"{', '.join(sorted(pairs))}. Each is forecast on its own. If they are the same, write their key in one way"
    )


@pytest.mark.parametrize("demand", [DEMAND, DEMAND.with_columns(unique_id=pl.col("unique_id").str.slice(1).cast(int))])
def test_other_keys_are_no_finding(tmp_path: Path, demand: pl.DataFrame) -> None:
    quality = run_job(tmp_path, demand, sizes=SMALL, **FEW_TREES).quality  # type: ignore[arg-type]
    assert (quality["warnings"], quality["notes"]) == ([], [])


def test_few_of_many_series_are_a_note(tmp_path: Path) -> None:
    many = pl.concat([shop(300, 8), shop(1, 8).with_columns(unique_id=pl.lit("a000"))])
    quality = run_job(tmp_path, many, **FEW_TREES).quality  # type: ignore[arg-type]
    assert quality["warnings"] == []
    assert quality["notes"][0].startswith("demand: 2 series with a key that differs")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("K\u00f6ln", "Ko\u0308ln"), r"'Ko\u0308ln' and 'K\xf6ln'. Each is"),
        (("Shop 1", "Shop  1"), r"'Shop\x20\x201' and 'Shop 1'. Each is"),
    ],
)
def test_what_looks_alike_is_escaped(tmp_path: Path, names: tuple[str, str], expected: str) -> None:
    twice = [shop(1, 20).with_columns(unique_id=pl.lit(name)) for name in names]
    (warning,) = run_job(tmp_path, pl.concat(twice), **FEW_TREES).quality["warnings"]  # type: ignore[arg-type]
    assert f"e.g. {expected}" in warning


def test_whole_numbers_of_a_float_column_are_a_warning(tmp_path: Path) -> None:
    numbers = DEMAND.with_columns(unique_id=pl.lit("100") + pl.col("unique_id").str.tail(1))
    old, new = numbers.filter(pl.col("ds") < LAST), numbers.filter(pl.col("ds") == LAST)
    files = {"old.csv": old, "new.csv": new.with_columns(unique_id=pl.col("unique_id") + ".0")}
    (warning,) = run_job(tmp_path, files, **FEW_TREES).quality["warnings"]  # type: ignore[arg-type]
    assert warning.startswith("demand: 8 series with a key that differs from another only in")
