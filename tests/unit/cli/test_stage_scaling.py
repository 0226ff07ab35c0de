"""Extrapolation of a stage to more cores by Amdahl's law."""

import pytest

from cli.fleet_plan.stage_scaling import StageScaling


@pytest.mark.parametrize(
    ("one", "two", "serial", "parallel"),
    [
        (10.0, 5.0, 0.0, 10.0),
        (10.0, 6.0, 2.0, 8.0),
        (10.0, 10.0, 10.0, 0.0),
        (10.0, 4.0, 0.0, 10.0),  # faster than two cores can be
        (10.0, 11.0, 10.0, 0.0),  # slower than one core is
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_two_measurements_determine_both_parts(one: float, two: float, serial: float, parallel: float) -> None:
    parts = StageScaling.of("read", one, two)
    assert (parts.serial, parts.parallel) == pytest.approx((serial, parallel))
    assert parts.seconds(1) == pytest.approx(one)
    assert parts.seconds(16) == pytest.approx(serial + parallel / 16)


def test_at_most_six_cores_share_the_fit_stage() -> None:
    parts = StageScaling.of("fit", 12.0, 6.0)
    assert [parts.seconds(cores) for cores in (4, 6, 16, 64)] == [3.0, 2.0, 2.0, 2.0]
