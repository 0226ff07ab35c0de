from job_code.report.axes import Tick
from job_code.report.chart import Band, Bars, Line, Mark, Positions, draw

POSITIONS = Positions(4, (Tick(0.5, "middle"),), {"labels": ["a", "b", "c", "d"]}, cutoff=1)


def line(values: list[float | None], *, start: int = 0, joins: float | None = None, has_dots: bool = False) -> Line:
    return Line(name="demand", style="demand", start=start, values=values, joins=joins, has_dots=has_dots)


def test_a_line_goes_through_its_values() -> None:
    (shape,) = draw("x", "X", [line([0, 50, 100, 25])], POSITIONS).shapes
    assert shape.path == "M0 1000L1 500L2 0L3 750"
    assert (shape.name, shape.style, shape.dots) == ("demand", "line demand", "")


def test_a_missing_value_leaves_a_gap() -> None:
    (shape,) = draw("x", "X", [line([100, None, 50, 0], has_dots=True)], POSITIONS).shapes
    assert shape.path == "M0 0M2 500L3 1000"
    assert shape.dots == "M0 0h0M2 500h0M3 1000h0"


def test_a_forecast_joins_the_last_value() -> None:
    marks: list[Mark] = [
        line([100], start=2, joins=50),
        Band(name="b", style="forecast", start=2, low=[0], high=[100], joins=50),
    ]
    forecast, band = draw("x", "X", marks, POSITIONS).shapes
    assert forecast.path == "M1 500L2 0"
    assert band.path == "M1 500L2 0L2 1000L1 500Z"


def test_bars_stand_on_zero() -> None:
    (shape,) = draw("x", "X", [Bars("n", "nominal", [1.0, -1.0], 0.2)], POSITIONS, is_share=True).shapes
    assert shape.path == "M0.01 500V0h0.38V500ZM1.01 500V1000h0.38V500Z"


def test_the_script_gets_the_rounded_numbers() -> None:
    marks: list[Mark] = [line([1.23456, None]), Band(name="b", style="forecast", start=2, low=[0.5], high=[1.5])]
    assert draw("x", "X", marks, POSITIONS).values == {
        "labels": ["a", "b", "c", "d"],
        "count": 4,
        "low": 0,
        "high": 1.5,
        "share": False,
        "marks": [
            {"name": "demand", "style": "demand", "start": 0, "values": [1.235, None]},
            {"name": "b", "style": "forecast", "start": 2, "values": [0.5], "to": [1.5]},
        ],
    }


def test_positions_have_names_and_some_labels() -> None:
    positions = Positions.of_categories(["week 1", "week 2", "week 3", "week 4"], ["1", "2", "3", "4"], every=2)
    assert positions.ticks == (Tick(0.125, "1"), Tick(0.625, "3"))
    assert positions.names == {"labels": ["week 1", "week 2", "week 3", "week 4"]}
