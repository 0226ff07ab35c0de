"""Forecasts with the model of an earlier run. For the same demand, the files are identical."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from job_code.errors import InputError, ModelUnusableError
from job_code.training.trained_model import TRAINING_ONLY_KEYS
from tests.demand import Finished, run_job, series, shop

DEMAND = pl.concat([shop(30, 130, noise=0.3), series({"sparse": [0.0, 0.0, 4.0] * 40, "dead": [5.0] + [0.0] * 70})])
KEYS = DEMAND["unique_id"].unique().sort()
STATIC = pl.DataFrame({"unique_id": KEYS}).with_columns(
    brand="b" + pl.col("unique_id").str.slice(-1), size=pl.int_range(pl.len()).cast(pl.Float64)
)
DAYS = pl.date_range(date(2024, 6, 3), date(2026, 12, 14), "1w", eager=True)
PROMOTIONS = pl.DataFrame({"ds": DAYS}).with_columns(
    kind=pl.Series(["none", "tv", "leaflet"]).gather(pl.int_range(len(DAYS), eager=True) % 3),
    price=pl.Series([1.0 + (at % 4) / 10 for at in range(len(DAYS))]),
)


def job(folder: Path, demand: pl.DataFrame = DEMAND, **changes: Any) -> Finished:
    arguments: dict[str, Any] = {
        "static": {"s.parquet": STATIC},
        "covariates": {"c.parquet": PROMOTIONS},
        "n_estimators": 20,
    }
    return run_job(folder, demand, **(arguments | changes))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return job(tmp_path_factory.mktemp("trained"), country_holidays="DE")


def infer(trained: Finished, folder: Path, demand: pl.DataFrame = DEMAND, **changes: Any) -> Finished:
    return job(folder, demand, model=trained.model_folder, country_holidays="DE", **changes)


def test_the_same_demand_has_identical_forecasts(trained: Finished, tmp_path: Path) -> None:
    again = infer(trained, tmp_path)
    assert again.parts == trained.parts
    ours, theirs = again.manifest, trained.manifest
    assert {name for name in ours if ours[name] != theirs[name]} <= {
        "created_at",
        "seconds",
        "configuration",
        "inference",
    }
    assert not {"backtest", "fit"} & set(ours["seconds"])
    assert not (tmp_path / "out" / "models").exists()


def test_an_earlier_model_forecasts_new_demand(trained: Finished, tmp_path: Path) -> None:
    later = pl.concat(
        [DEMAND, DEMAND.filter(pl.col("ds") == DEMAND["ds"].max()).with_columns(pl.col("ds") + timedelta(7))]
    )
    newcomer = series({"newcomer": [7.0, 8.0]}, last=date(2026, 11, 23))
    finished = infer(trained, tmp_path, pl.concat([later, newcomer]))
    manifest = finished.manifest
    assert (manifest["cutoff"], manifest["model"]["cutoff"]) == ("2026-11-23", "2026-11-16")
    assert manifest["series"] == trained.manifest["series"] + 1
    assert manifest["model"]["sha256"] == trained.manifest["model"]["sha256"]
    assert manifest["metrics"] == trained.manifest["metrics"]
    assert finished.of("newcomer")["mean"].is_between(2, 20).all()
    alone = infer(trained, tmp_path / "alone", later)
    assert alone.of("A003").equals(finished.of("A003"))


def test_categories_keep_their_codes(trained: Finished, tmp_path: Path) -> None:
    """A new category that is first in the alphabet must not shift the codes of the others."""
    brands = STATIC.with_columns(brand=pl.when(pl.col("unique_id") == "dead").then(pl.lit("!")).otherwise("brand"))
    first = pl.DataFrame({"ds": [date(2024, 5, 27)], "kind": ["a new kind"], "price": [1.0]})
    moved = infer(
        trained, tmp_path, static={"s.parquet": brands}, covariates={"c.parquet": pl.concat([first, PROMOTIONS])}
    )
    assert moved.parts == trained.parts
    assert moved.quality["warnings"] == []
    seen = "that the model has not seen, e.g."
    missing = "They count as missing. Train a new model to use them"
    assert moved.quality["notes"] == [
        f"covariates: 1 value of 4 in kind {seen} 'a new kind'. {missing}",
        f"static: 1 value of {len(set(brands['brand']))} in brand {seen} '!'. {missing}",
    ]


def test_only_unknown_categories_are_a_warning(trained: Finished, tmp_path: Path) -> None:
    brands = STATIC.with_columns(brand=pl.lit("?"))
    quality = infer(trained, tmp_path, static={"s.parquet": brands}).quality
    (warning,) = quality["warnings"]
    assert warning.startswith("static: 1 value of 1 in brand that the model has not seen, e.g. '?'")


def test_holidays_keep_their_codes(tmp_path: Path) -> None:
    """Different years have different holidays: one in 2023 was never repeated."""
    demand = shop(12, 200)
    first = run_job(tmp_path / "trained", demand, country_holidays="GB")
    known = json.loads((first.model_folder / "model.json").read_text())["covariates"]["categories"]["GB holiday"]
    assert any("Coronation" in name for name in known)
    recent = demand.filter(pl.col("ds") >= date(2024, 6, 3))
    again = run_job(tmp_path / "again", recent, model=first.model_folder, country_holidays="GB")
    assert again.manifest["model"]["sha256"] == first.manifest["model"]["sha256"]
    with pytest.raises(InputError, match="GB holiday before has other categories than in training"):
        run_job(tmp_path / "other", recent, model=shifted(first, tmp_path / "shifted"), country_holidays="GB")


def shifted(trained: Finished, folder: Path) -> Path:
    """A model with other codes for one of the three columns of holidays."""
    shutil.copytree(trained.model_folder, folder)
    document = json.loads((folder / "model.json").read_text())
    document["covariates"]["categories"]["GB holiday before"].reverse()
    (folder / "model.json").write_text(json.dumps(document))
    return folder


def test_columns_that_are_new_to_the_model_are_ignored_and_listed(trained: Finished, tmp_path: Path) -> None:
    more = infer(
        trained,
        tmp_path,
        static={"s.parquet": STATIC.with_columns(color=pl.lit("red"))},
        covariates={"c.parquet": PROMOTIONS.select("price", weather=pl.lit(3.0), kind="kind", ds="ds")},
    )
    assert more.parts == trained.parts
    assert more.quality["ignored_columns"] == [
        "static: color (new to the model)",
        "covariates: weather (new to the model)",
    ]


def with_text(
    kinds: Sequence[str | bool], dtype: pl.DataType | None = None, name: str = "{}.parquet"
) -> dict[str, Any]:
    """Return static columns and covariates with a text column of some values, perhaps stored in another type."""
    at = pl.Series("at", kinds, strict=False).cast(dtype or pl.String())
    return {
        "static": {
            name.format("s"): STATIC.with_columns(brand=at.gather(pl.int_range(len(KEYS), eager=True) % len(at)))
        },
        "covariates": {
            name.format("c"): PROMOTIONS.with_columns(kind=at.gather(pl.int_range(len(DAYS), eager=True) % len(at)))
        },
    }


@pytest.fixture(scope="module")
def trained_on_words(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return job(tmp_path_factory.mktemp("words"), **with_text(["1", "2", "L"]))


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        (pl.String(), "{}.csv"),
        (pl.Int64(), "{}.parquet"),
        (pl.UInt8(), "{}.parquet"),
        (pl.Float64(), "{}.parquet"),
        (pl.Decimal(10, 2), "{}.parquet"),
    ],
)
def test_numbers_in_a_text_column_of_the_model_are_its_categories(
    trained_on_words: Finished, tmp_path: Path, dtype: pl.DataType, name: str
) -> None:
    expected = job(tmp_path / "text", model=trained_on_words.model_folder, **with_text(["1", "2"]))
    found = job(tmp_path / "numbers", model=trained_on_words.model_folder, **with_text(["1", "2"], dtype, name))
    assert found.parts == expected.parts
    assert found.quality["warnings"] == expected.quality["warnings"] == []
    assert expected.quality["notes"] == found.quality["notes"] == []
    other = job(tmp_path / "other", model=trained_on_words.model_folder, **with_text(["2", "1"], dtype, name))
    assert other.parts != found.parts  # the model uses the columns


def test_booleans_in_a_text_column_of_the_model_are_its_categories(tmp_path: Path) -> None:
    trained = job(tmp_path / "train", **with_text(["True", "False", "False"], name="{}.csv"))
    expected = job(tmp_path / "text", model=trained.model_folder, **with_text(["true", "FALSE"], name="{}.csv"))
    booleans = with_text([True, False], pl.Boolean())
    found = job(tmp_path / "boolean", model=trained.model_folder, **booleans)
    assert found.parts == expected.parts
    assert found.quality["warnings"] == expected.quality["warnings"] == []


def test_a_number_that_is_no_category_of_the_model_is_a_warning(trained_on_words: Finished, tmp_path: Path) -> None:
    quality = job(tmp_path, model=trained_on_words.model_folder, **with_text(["7", "8.5"], pl.Float64())).quality
    assert [line for line in quality["warnings"] if "2 values of 2 in brand that the model has not seen" in line]
    assert [line for line in quality["warnings"] if "e.g. '7', '8.5'" in line]


def test_an_empty_text_column_of_the_model_is_missing(trained_on_words: Finished, tmp_path: Path) -> None:
    empty = {"static": {"s.parquet": STATIC.with_columns(brand=pl.lit(None))}}
    found = job(tmp_path / "null", model=trained_on_words.model_folder, **(with_text(["1", "2"]) | empty))
    typed = {"static": {"s.parquet": STATIC.with_columns(brand=pl.lit(None, dtype=pl.String))}}
    expected = job(tmp_path / "text", model=trained_on_words.model_folder, **(with_text(["1", "2"]) | typed))
    assert found.parts == expected.parts


def test_the_age_of_the_model_is_reported_and_limited(trained: Finished, tmp_path: Path) -> None:
    old = aged(trained, tmp_path / "model", days=9)
    finished = job(tmp_path / "run", model=old, country_holidays="DE")
    assert finished.manifest["model"]["age_days"] == 9
    assert "(9 days ago)" in finished.report
    with pytest.raises(InputError, match="run an-earlier trained it 9 days ago, max_model_age_days allows 8; train a"):
        job(tmp_path / "rejected", model=old, country_holidays="DE", max_model_age_days=8)
    assert Finished(tmp_path / "rejected" / "out").quality["status"] == "input error"


def aged(trained: Finished, folder: Path, *, days: int) -> Path:
    """A copy of the model with an earlier training date."""
    shutil.copytree(trained.model_folder, folder)
    record = json.loads((folder / "training.json").read_text())
    record["trained_at"] = (datetime.now(UTC) - timedelta(days=days, hours=1)).isoformat()
    record["run_id"] = "an-earlier"
    rewrite(folder, record)
    return folder


def rewrite(folder: Path, record: dict[str, Any]) -> None:
    text = json.dumps(record)
    (folder / "training.json").write_text(text)
    document = json.loads((folder / "model.json").read_text())
    document["record"] = hashlib.sha256(text.encode()).hexdigest()
    (folder / "model.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"horizon": 5}, "model: horizon is 4 in the model and 5 in this run; train a new model"),
        ({"quantiles": "0.5"}, "model: quantiles is 0.1,0.5,0.9 in the model and 0.5 in this run; train a new model"),
        ({"country_holidays": None}, "model: country_holidays is DE in the model and not set in this run"),
        ({"frequency": "W-SUN"}, "model: frequency is W-MON in the model and W-SUN in this run"),
        ({"static": None}, "static: columns of the model are missing: size, brand. Upload them, or train"),
        (
            {"static": {"s.parquet": STATIC.with_columns(brand=pl.lit(date(2026, 1, 5)))}},
            "static: brand is a Date, but was text in training. Upload it as text, or train a new model",
        ),
        (
            {"static": {"s.parquet": STATIC.with_columns(size=pl.lit(date(2026, 1, 5)))}},
            "static: size is a Date, but was a number in training",
        ),
        ({"covariates": None}, "covariates: columns of the model are missing or unusable: price, kind"),
        (
            {"covariates": {"c.parquet": PROMOTIONS.with_columns(price=pl.lit("low"))}},
            "covariates: price is text, but was a number in training",
        ),
        (
            {
                "covariates": {
                    "b.parquet": PROMOTIONS.select("ds", "kind"),
                    "c.parquet": PROMOTIONS.select("ds", "price"),
                }
            },
            "covariates: the columns are in other files than in training",
        ),
        ({"cutoff": "2026-06-01"}, "trained it on demand until 2026-11-16, after the cutoff 2026-06-01; train a model"),
    ],
)
def test_a_run_that_does_not_fit_the_model_is_rejected(
    trained: Finished, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    arguments: dict[str, Any] = {"model": trained.model_folder, "country_holidays": "DE"} | changes
    arguments = {name: value for name, value in arguments.items() if name in ("static", "covariates") or value}
    with pytest.raises(InputError, match=re.escape(message)):
        job(tmp_path, **arguments)


# A value other than the training's for each setting that only the training uses.
OTHER_SETTINGS = {
    "sample_rows": 20_000,
    "backtest_horizons": 2,
    "n_estimators": 3,
    "learning_rate": 0.2,
    "num_leaves": 4,
    "min_child_samples": 7,
    "seed": 9,
}


def test_the_settings_of_the_training_are_complete() -> None:
    assert OTHER_SETTINGS.keys() == set(TRAINING_ONLY_KEYS)


@pytest.mark.parametrize("settings", [OTHER_SETTINGS, {"frequency": "W"}, {"frequency": "W-MON"}])
def test_settings_of_the_training_are_ignored(trained: Finished, tmp_path: Path, settings: dict[str, Any]) -> None:
    finished = infer(trained, tmp_path, **settings)
    assert finished.parts == trained.parts
    assert finished.manifest["configuration"]["n_estimators"] == 20


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "training.json").unlink(), "model: training.json cannot be read: No such file"),
        (lambda folder: (folder / "training.json").write_text("{}"), "training.json does not match its checksum"),
        (lambda folder: rewrite(folder, {}), "model: training.json cannot be read: run_id: Field required"),
        (
            lambda folder: (folder / "dense.txt").write_text("tree"),
            "dense.txt does not match its checksum in model.json",
        ),
    ],
)
def test_a_damaged_model_is_rejected(
    trained: Finished, tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(trained.model_folder, folder)
    spoil(folder)
    with pytest.raises(ModelUnusableError, match=re.escape(message)):
        job(tmp_path / "run", model=folder, country_holidays="DE")
