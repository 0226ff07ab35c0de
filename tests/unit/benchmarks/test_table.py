"""Tables and targets of a results file."""

from pathlib import Path

import pytest

from benchmarks.speed.limit.least_work import Limit
from benchmarks.speed.markdown import main, render
from benchmarks.speed.price import INSTANCES, price
from benchmarks.speed.results import (
    JOB,
    JOB_ON_EVERYTHING,
    PLAIN,
    Comparison,
    Demand,
    Host,
    Results,
    ResultsFile,
    Run,
    Scaling,
    Scores,
    load,
)
from benchmarks.speed.targets import all_targets

HOST = Host(
    processor="A processor",
    cores=2,
    memory=8 * 10**9,
    system="Linux 6",
    versions={"python": "3.11.7"},
    date="2026-11-21",
)

LIMIT = Limit(
    decode_seconds=10.0,
    forecasts={"regular": 10_000_000, "spread": 50_000_000},
    microseconds={"LightGBM": {"regular": 8.0, "spread": 1.0}, "Another": {"regular": 9.0, "spread": 0.5}},
    cores=2,
)


def run(seconds: float, gigabytes: float, series: int, **other: object) -> Run:
    known = {
        "seconds": seconds,
        "cpu_seconds": 1.5 * seconds,
        "other_cpu_seconds": 0.1 * seconds,
        "stages": {"read": 0.25 * seconds, "fit": 0.5 * seconds},
        "peak_memory": int(gigabytes * 1e9),
        "peak_stage": "fit",
        "peak_disk": 3 * 10**9,
        "output": 10**9,
        "series": series,
        "commit": "0123456789ab",
        "at": "2026-11-21T07:00:00+00:00",
    }
    return Run.model_validate(known | other)


def scaling(seconds: float, gigabytes: float, series: int, **other: object) -> Scaling:
    return Scaling(demand=Demand(rows=150 * series, size=10**9), run=run(seconds, gigabytes, series, **other))


@pytest.fixture
def results() -> Results:
    sizes = {
        300_000: scaling(60.0, 2.0, 300_000),
        500_000: scaling(90.0, 2.5, 500_000),
        5_000_000: scaling(590.0, 3.5, 5_000_000, limit=LIMIT),
    }
    runs = {
        JOB: run(50.0, 2.0, 300_000, scores=Scores(wape=0.6, rmse=3.9, wql=0.40, coverage=0.8), learned_rows=2_000_000),
        PLAIN + "change": run(500.0, 9.0, 300_000, scores=Scores(wape=0.61, rmse=3.8)),
        PLAIN + "level": run(450.0, 10.0, 300_000, scores=Scores(wape=0.62, rmse=4.0)),
        PLAIN + "quantiles": run(1500.0, 12.0, 300_000, scores=Scores(wape=0.62, rmse=4.0, wql=0.5, coverage=0.7)),
        JOB_ON_EVERYTHING: run(
            700.0, 8.0, 300_000, scores=Scores(wape=0.595, rmse=3.9, wql=0.39, coverage=0.8), learned_rows=46_000_000
        ),
    }
    naive = Scores(wape=0.9, rmse=6.0)
    comparisons = {300_000: Comparison(demand=Demand(rows=45_000_000, size=10**9), naive=naive, runs=runs)}
    on_one, on_two = {"read": 3.0, "check": 2.0, "fit": 9.0, "predict": 8.0, "report": 1.0}, {"read": 1.5, "check": 1.2}
    on_two |= {"fit": 5.0, "predict": 4.0, "report": 1.1}
    cores = {1: run(25.0, 1.0, 300_000, stages=on_one), 2: run(14.8, 1.5, 300_000, stages=on_two)}
    return Results(
        machine=HOST, weeks=156, scaling=sizes, comparisons=comparisons, cores={300_000: cores, 60: {1: cores[1]}}
    )


def test_every_target_has_a_verdict(results: Results) -> None:
    found = [(target.measured, target.limit, target.verdict) for target in all_targets(results)]
    assert found == [
        (590.0, 600, "met"),
        (3.5, 6, "met"),
        (pytest.approx(118 / 200), 1.2, "met"),
        (pytest.approx(3.5 / 2.5), 1.3, "missed"),
        (pytest.approx(450 / 50), 8, "met"),  # the fastest run of plain MLForecast
        (pytest.approx(2 / 9), 0.25, "met"),  # the run with the least memory
        (pytest.approx(1500 / 50), 8, "met"),
        (pytest.approx(2 / 12), 0.25, "met"),
        (pytest.approx(0.6 / 0.595 - 1), 0.01, "met"),
        (pytest.approx(0.40 / 0.39 - 1), 0.01, "missed"),
        (2.0, 1.8, "met"),
        (pytest.approx(2 / 1.2), 1.8, "missed"),
        (1.8, 1.8, "met"),
        (2.0, 1.8, "met"),
        (pytest.approx(590 / 67.5), 3, "missed"),
    ]


def test_a_missing_or_failed_run_is_not_measured(results: Results) -> None:
    nothing = Results(machine=HOST, weeks=156)
    assert {target.verdict for target in all_targets(nothing)} == {"not measured"}
    assert len(all_targets(nothing)) == len(all_targets(results))
    failed = results.model_copy(
        update={
            "scaling": {5_000_000: scaling(10.0, 1.0, 5_000_000, failure="killed")},
            "cores": {300_000: {1: results.cores[300_000][1], 2: run(9.0, 1.0, 1, failure="killed")}},
            "comparisons": {
                300_000: results.comparisons[300_000].model_copy(
                    update={"runs": {JOB: run(1.0, 1.0, 1), PLAIN + "level": run(9.0, 9.0, 1, failure="killed")}}
                )
            },
        }
    )
    assert {target.verdict for target in all_targets(failed)} == {"not measured"}


def test_a_sample_with_all_rows_is_not_measured(results: Results) -> None:
    comparison = results.comparisons[300_000]
    runs = {**comparison.runs, JOB: comparison.runs[JOB].model_copy(update={"learned_rows": 46_000_000})}
    same = results.model_copy(update={"comparisons": {300_000: comparison.model_copy(update={"runs": runs})}})
    assert [target.verdict for target in all_targets(same)][-7:-5] == ["not measured", "not measured"]


def test_the_file_reproduces_the_tables(results: Results, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = ResultsFile(tmp_path / "results.json", Results(machine=HOST, weeks=156))
    for series, each in results.scaling.items():
        file.add_scaling(series, each)
        assert list(load(file.path).scaling) == list(file.results.scaling)
    for series, comparison in results.comparisons.items():
        file.add_comparison(series, comparison)
    for series, runs in results.cores.items():
        for cores, each_run in runs.items():
            file.add_cores(series, cores, each_run)
    assert load(file.path) == results
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    main([str(file.path)])
    printed = capsys.readouterr().out
    assert printed == render(results) + "\n"
    assert (
        "| 5,000,000 | 750,000,000 | 590.0 | 147.5 | 295.0 | 885.0 | 3.50 | fit | 3.00 | 1.00 | 8,475 | 118 | 8.74 |"
        in printed
    )
    assert "| seconds at 5,000,000 series | met | at most 600 | 590 |  |" in printed
    assert "| seasonal naive |  |  |  |  |  |  |  | 90.0% | 6.000 |  |  |" in printed


def test_the_lower_bound_uses_the_fastest_predictor_of_all_models(results: Results) -> None:
    assert LIMIT.predictor == "Another"
    assert LIMIT.predict_seconds == pytest.approx((90 + 25) / 2)
    lines = [line for line in render(results).splitlines() if "| Another |" in line]
    each = "LightGBM regular 8.00, spread 1.00; Another regular 9.00, spread 0.50"
    assert lines == [f"| 5,000,000 series | 590.0 | 10.00 | 57.50 | Another | {each} | 67.50 | 8.74 |"]


def test_a_stage_that_does_not_scale_has_a_reason(results: Results) -> None:
    printed = render(results)
    lines = {
        line.split(" | ")[0]: line for line in printed.split("on one core and on two**, extrapolated")[1].splitlines()
    }
    assert lines["| read"] == "| read | 3.00 | 1.50 | 2.00 | 0.75 | 0.19 | 0.05 |  |"
    # Two cores share a part of 8 seconds, and at most six cores can share it.
    assert lines["| fit"].startswith("| fit | 9.00 | 5.00 | 1.80 | 3.00 | 2.33 | 2.33 | at most six independent fits")
    assert lines["| report"] == "| report | 1.00 | 1.10 | 0.91 | 1.00 | 1.00 | 1.00 | one process draws the charts |"
    assert lines["| other"].startswith("| other | 2.00 | 2.00 | 1.00 | 2.00 | 2.00 | 2.00 | one process starts")
    assert lines["| total"].startswith("| total | 25.00 | 14.80 | 1.69 | ")
    assert "Not comparable: one of the two runs is missing." in printed
    failed = {300_000: {1: results.cores[300_000][1], 2: run(9.0, 1.0, 1, failure="killed")}}
    assert "Not comparable: 2: killed." in render(results.model_copy(update={"cores": failed}))


def test_all_rows_of_a_table_have_the_same_columns(results: Results) -> None:
    failed = {**results.scaling, 1_000_000: scaling(1.0, 1.0, 1, failure="exit code 1 after 3 s: [OutOfDisk] no disk")}
    for part in render(results.model_copy(update={"scaling": failed})).split("\n\n"):
        lines = [line for line in part.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in lines}) <= 1
    assert "exit code 1 after 3 s" in render(results.model_copy(update={"scaling": failed}))


def test_a_price_is_a_share_of_the_hourly_price(results: Results) -> None:
    small = INSTANCES[0]
    assert price(3600 - 180, small) == pytest.approx(small.hourly)
    too_large = {300_000: scaling(60.0, 9.0, 300_000)}
    row = next(
        line for line in render(results.model_copy(update={"scaling": too_large})).splitlines() if small.name in line
    )
    assert row.endswith("| too small |")
