from pathlib import Path

import numpy as np
import pytest

from job_code.calibration.mean_absolute_change import mean_absolute_change, prior_relative_change
from tests.demand import panel_of, series


def test_a_new_series_is_shrunk_towards_the_others(tmp_path: Path) -> None:
    values = {f"S{at}": [10.0, 10.0 + at] * 30 for at in (1, 2, 3)} | {"new": [200.0], "zero": [0.0] * 60}
    panel, _ = panel_of(tmp_path, series(values))
    relative = [at / (10 + at / 2) for at in (1, 2, 3)]
    assert prior_relative_change(panel, np.ones(5)) == pytest.approx(relative[1])
    assert prior_relative_change(panel, np.array([9.0, 1, 1, 1, 1])) == pytest.approx(relative[0])
    assert prior_relative_change(panel, np.array([0.0, 0, 1, 1, 1])) == pytest.approx(relative[2])
    assert prior_relative_change(panel, np.array([0.0, 0, 0, 1, 1])) == 1  # a new series has no changes
    one, two, three, new, zero = mean_absolute_change(panel, 0.5)
    # Four changes of 0.5, relative to its scale, are added to the 52 changes of a series.
    assert [one, two, three] == pytest.approx([(52 * at + 4 * 0.5 * (10 + at / 2)) / 56 for at in (1, 2, 3)])
    assert new == pytest.approx(0.5 * 200)
    assert zero == 0
