import pytest

from contract.calendar.frequencies import calendar_of
from job_code.config import ForecastConfig
from job_code.model.tree_size import TreeSize, tree_size


@pytest.mark.parametrize(
    ("frequency", "settings", "expected"),
    [
        ("W-MON", {}, TreeSize(200, 31)),
        ("D", {"num_leaves": 7}, TreeSize(200, 7)),
        ("h", {}, TreeSize(400, 127, models=2)),
        ("15min", {"n_estimators": 50}, TreeSize(50, 127, models=2)),
    ],
)
def test_the_calendar_decides_what_no_setting_does(
    frequency: str, settings: dict[str, int], expected: TreeSize
) -> None:
    assert tree_size(ForecastConfig(**settings), calendar_of(frequency)) == expected
