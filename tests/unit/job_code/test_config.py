from datetime import date

import pytest

from job_code.config import ForecastConfig, quantile_column
from job_code.errors import InputError


def problems(**settings: object) -> tuple[str, ...]:
    with pytest.raises(InputError) as error:
        ForecastConfig.from_mapping(settings, source="configuration")
    return error.value.problems


def test_all_problems_are_reported_together() -> None:
    found = problems(horizn="8", horizon="0", frequency="W-FOO", quantiles="0.9,0.1", cutoff="soon", gap_rule="guess")
    assert len(found) == 6
    assert any("horizn: unknown key, did you mean horizon?" in line for line in found)
    assert any(line.startswith("configuration: horizon:") and "'0'" in line for line in found)
    expected = "'W-FOO' is not a known frequency. Use 15min, 30min, h, D, B, W-MON"
    assert any(expected in line for line in found)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"quantiles": ""}, "quantiles"),
        ({"time_zone": "Berlin", "frequency": "D"}, "'Berlin' is not an IANA time zone"),
        ({"time_zone": "Europe/Berlin"}, "time_zone: needs the frequency"),
        ({"period_label": "end", "frequency": "MS"}, "period_label: periods of MS carry their first day"),
        ({"time_zone": "Europe/Berlin", "frequency": "2h"}, "time_zone: clock changes of the zone move"),
        ({"frequency": "1", "country_holidays": "DE"}, "numbered periods (frequency=1) have no date"),
        ({"quantiles": "0.1,0.1"}, "ascend"),
        ({"quantiles": "0.1,1.0"}, "less than 1"),
        ({"quantiles": "nan"}, "quantiles.0"),
        ({"quantiles": "0.1,0.10000000001"}, "too close"),
        ({"key": ""}, "key"),
        ({"key": "a,a"}, "same column: a"),
        ({"key": "y"}, "same column: y"),
        ({"key": "ds", "time": "day"}, "named ds"),
        ({"key": "DS,Mean,Q10", "time": "day"}, "output columns named DS, Mean, Q10"),
        ({"key": "store,run_id"}, "reserve the column name run_id. Rename the key column"),
        ({"key": "Partition"}, "reserve the column name Partition"),
        ({"key": "order,user,item"}, "reserve the column name order, user"),
        ({"key": "Item,item"}, "does not distinguish the columns Item, item"),
        ({"key": "q50"}, "named q50"),
        ({"key": "_value"}, "named _value"),
        ({"target": "_code"}, "named _code"),
        ({"covariate_rules": "price"}, "'price' is not a column, an equals sign and its rule"),
        ({"covariate_rules": "price=median"}, "price=median: the rule must be one of sum, mean, last"),
        ({"covariate_rules": "price=min,price=max"}, "covariate_rules: price has several. Keep one"),
        ({"covariate_defaults": "y=0"}, "covariate_defaults: y is no covariate, but a key, time or target"),
        ({"horizon": "12.5"}, "horizon"),
        ({"history": "0"}, "history"),
        ({"cutoff": "2026-13-01"}, "cutoff"),
        ({"seed": "-1"}, "seed"),
        ({"sample_rows": "9999"}, "sample_rows"),
    ],
)
def test_an_invalid_value_is_rejected(settings: dict[str, str], reason: str) -> None:
    found, *_ = problems(**settings)
    assert reason in found
    assert found.startswith("configuration: ")


def test_hyperparameters_preserve_every_key() -> None:
    config = ForecastConfig.from_mapping(
        {
            "key": "article_id, merchant_id",
            "time": "week",
            "target": "units",
            "frequency": "W-SUN",
            "time_zone": "Europe/Berlin",
            "period_label": "end",
            "horizon": "13",
            "quantiles": "0.025,0.5,0.975",
            "history": "104",
            "cutoff": "2026-11-15",
            "cutoff_rule": "series",
            "gap_rule": "value",
            "gap_value": 1.5,
            "start_rule": "zero",
            "end_rule": "missing",
            "aggregate": "mean",
            "day_begins_at": 6,
            "unfinished_period": "keep",
            "negative_rule": "keep",
            "future_rule": "keep",
            "sample_rows": 20_000,
            "backtest_horizons": 2,
            "covariate_rules": "price=hold,promotion=max",
            "covariate_defaults": "promotion=0",
            "country_holidays": "DE-BY",
            "in_stock_column": "on_shelf",
            "n_estimators": 7,
            "learning_rate": 0.2,
            "num_leaves": 5,
            "min_child_samples": 3,
            "encoding": "cp1252",
            "decimal": ",",
            "seed": 4,
            "max_model_age_days": 7,
        },
        source="configuration",
    )
    changed = {name for name in ForecastConfig.model_fields if getattr(config, name) != getattr(ForecastConfig(), name)}
    assert changed == set(ForecastConfig.model_fields)
    assert config.cutoff == date(2026, 11, 15)
    assert ForecastConfig.from_mapping(config.to_strings(), source="hyperparameters") == config


def test_absent_values_become_empty_strings() -> None:
    strings = ForecastConfig().to_strings()
    assert strings["cutoff"] == strings["history"] == strings["frequency"] == ""
    assert ForecastConfig.from_mapping(strings, source="hyperparameters") == ForecastConfig()


@pytest.mark.parametrize(
    ("level", "name"), [(0.1, "q10"), (0.5, "q50"), (0.05, "q5"), (0.975, "q97_5"), (0.999, "q99_9"), (0.29, "q29")]
)
def test_quantile_columns(level: float, name: str) -> None:
    assert quantile_column(level) == name


@pytest.mark.parametrize("encoding", ["utf-8-sig", "UTF8", "utf_8"])
def test_utf_8_has_one_name(encoding: str) -> None:
    """A file with a byte order mark needs no other encoding than one without."""
    assert ForecastConfig(encoding=encoding).encoding == "utf-8"
