import io
import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from tests.demand import RUN, Finished, shop, write
from tests.end_to_end.conftest import REPOSITORY, start

DEMAND = shop(12, 110).with_columns(
    article=pl.col("unique_id").str.slice(0, 3), merchant=pl.col("unique_id").str.slice(3)
)


def left_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_forecasts_do_not_depend_on_the_number_of_cores(tmp_path: Path) -> None:
    write(tmp_path / "demand", {"a.parquet": DEMAND[:500], "more/b.csv": DEMAND[500:]})
    static = DEMAND.select("article", "merchant").unique(maintain_order=True).with_row_index("size")
    write(tmp_path / "static", {"s.csv": static})
    (tmp_path / "config.toml").write_text(
        '[forecast]\nkey = ["article", "merchant"]\nn_estimators = 30\nhorizon = 99\n'
    )
    jobs = [
        start(
            tmp_path / name,
            "train",
            *("--demand", tmp_path / "demand", "--static", tmp_path / "static", "--output", tmp_path / name / "out"),
            *("--config", tmp_path / "config.toml", "--set", "horizon=6", "--set", "quantiles=0.05, 0.5,0.95"),
            *("--run-id", RUN, "--partition", "north"),
            one_core=one_core,
        )
        for name, one_core in (("all", False), ("one", True))
    ]
    for job in jobs:
        ended = job.end()
        assert ended.code == 0, ended.err
        assert "backtest: " in ended.err
        assert "\r" not in ended.err
    finished, on_one_core = Finished(tmp_path / "all" / "out"), Finished(tmp_path / "one" / "out")
    assert finished.parts == on_one_core.parts
    assert str(finished.forecast_folder) in ended.out.replace("/one/", "/all/")
    manifest = finished.manifest
    assert manifest["partition"] == "north"
    assert manifest["columns"] == ["article", "merchant", "ds", "mean", "q5", "q50", "q95"]
    assert manifest["rows"] == finished.forecasts.height == 12 * 6
    assert finished.quality["input"]["series_without_static_row"] == 0
    assert finished.report.startswith("<!doctype html>")
    assert left_in(tmp_path / "all" / "tmp") == []
    assert not [path for path in (tmp_path / "all" / "out").iterdir() if path.name.startswith(".")]


def test_the_command_fleet_runs_only_in_a_processing_container(tmp_path: Path) -> None:
    ended = start(tmp_path, "fleet", environment={"SAGEMAKER_BASE_DIR": tmp_path}).end()
    assert ended.code == 2
    assert ended.err.splitlines()[-1].endswith(
        "fleet runs only in a SageMaker processing container: /opt/ml/config does not exist"
    )
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "horizon"], "--set horizon: write it as key=value"),
        (["--static", "absent"], "static: file or folder absent does not exist"),
        (["--set", "cutoff=9999-12-31"], "cutoff: 9999-12-31 must be from 1900-01-01 to 2199-12-31"),
        (["--output", "README.md/out"], "cannot be written"),
    ],
)
def test_invalid_arguments_have_a_one_line_error(tmp_path: Path, arguments: list[str], message: str) -> None:
    demand = write(tmp_path, {"demand.csv": DEMAND}) / "demand.csv"
    ended = start(tmp_path, "train", "--demand", demand, "--output", tmp_path / "out", *arguments).end()
    assert ended.code == 2
    (line,) = [line for line in ended.err.splitlines() if line.startswith("[")]
    assert line.startswith("[InputError] ")
    assert message in line
    assert "Traceback" not in ended.err
    assert not list(tmp_path.glob("out/forecasts"))


@pytest.mark.parametrize("option", ["--run-id", "--partition"])
@pytest.mark.parametrize("name", ["a/b", "../../esc", "..", ""])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, option: str, name: str) -> None:
    demand = write(tmp_path, {"demand.csv": DEMAND}) / "demand.csv"
    ended = start(tmp_path, "train", "--demand", demand, "--output", tmp_path / "out", option, name).end()
    assert ended.code == 2
    assert f"argument {option}: {name!r} is not 1 to 64 letters" in ended.err
    assert not (tmp_path / "out").exists()


def test_a_reader_of_the_log_who_leaves_does_not_stop_the_run(tmp_path: Path) -> None:
    demand = write(tmp_path, {"demand.csv": shop(3, 30)}) / "demand.csv"
    command = [sys.executable, "-m", "job_code", "train", "--demand", demand, "--output", tmp_path / "out"]
    pipe = f"{shlex.join(map(str, command))} --set n_estimators=5 2>&1 | head -1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipe], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr, len(ended.stdout.splitlines())) == (0, "", 1)
    assert Finished(tmp_path / "out").manifest["series"] == 3


def test_the_json_log_has_one_object_per_line(tmp_path: Path) -> None:
    demand = write(tmp_path, {"demand.csv": pl.concat([DEMAND, DEMAND])}) / "demand.csv"
    ended = start(
        tmp_path, "train", "--demand", demand, "--output", tmp_path, "--run-id", RUN, "--log-format", "json"
    ).end()
    assert ended.code == 2
    *stages, failure = [json.loads(line) for line in ended.err.splitlines()]
    assert [line["stage"] for line in stages if "seconds" in line] == ["read"]
    assert (failure["code"], failure["run_id"], failure["level"]) == ("InputError", RUN, "ERROR")
    assert failure["message"].startswith("demand: 12 series with duplicate weeks")


def test_paths_may_have_any_character(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/verk\xe4ufe [2026] *?"))
    parquet = io.BytesIO()
    DEMAND[:500].write_parquet(parquet)
    static = DEMAND.select("unique_id").unique(maintain_order=True).with_row_index("size")
    write(odd / "demand [a-z]", {"[1].parquet": parquet.getvalue(), "b*.csv": DEMAND[500:].write_csv().encode()})
    write(odd / "static", {"[s].csv": static.write_csv().encode()})
    arguments = ("--demand", odd / "demand [a-z]", "--static", odd / "static", "--output", odd / "out")
    ended = start(tmp_path, "train", *arguments, "--run-id", RUN, "--set", "n_estimators=5").end()
    assert ended.code == 0, ended.err
    assert r"verk\xe4ufe [2026] *?/out/forecasts" in ended.out
    finished = Finished(odd / "out")
    assert finished.manifest["series"] == finished.quality["input"]["series"] == 12


# On one core, LightGBM runs in the job's own process; on several cores, in worker processes.
@pytest.mark.parametrize("one_core", [True, False])
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stopped_run_ends_promptly_and_leaves_no_files(
    tmp_path: Path, large: Path, stop: signal.Signals, one_core: bool
) -> None:
    settings = ("--output", tmp_path / "out", "--set", "n_estimators=10000")
    job = start(tmp_path, "train", "--demand", large, *settings, one_core=one_core)
    ended = job.stopped_in_the_fit(stop)
    assert f"[Stopped] stopped by {stop.name}: nothing was written" in ended.err.splitlines()
    assert "Traceback" not in ended.err
    assert "leaked" not in ended.err  # warnings about semaphores of the processes
    assert left_in(tmp_path / "out") == []
    assert left_in(tmp_path / "tmp") == []


def test_the_command_line_runs_the_same_job(tmp_path: Path) -> None:
    demand = write(tmp_path, {"demand.parquet": shop(3, 60)}) / "demand.parquet"
    arguments = ("--demand", demand, "--run-id", RUN, "--set", "n_estimators=5", "--set", "horizon=4", "--output")
    for program in ("job_code", "cli.main"):
        ended = start(tmp_path / program, "train", *arguments, tmp_path / program / "out", program=program).end()
        assert ended.code == 0, ended.err
    job, onejob = Finished(tmp_path / "job_code" / "out"), Finished(tmp_path / "cli.main" / "out")
    assert onejob.parts == job.parts
    outputs = ("--output", tmp_path / "inferred", "--model", job.model_folder)
    ended = start(tmp_path, "infer", "--demand", demand, "--run-id", RUN, *outputs, program="cli.main").end()
    assert ended.code == 0, ended.err
    assert Finished(tmp_path / "inferred").parts == job.parts
    ended = start(tmp_path, "train", "--demand", tmp_path / "absent", program="cli.main").end()
    assert (ended.code, ended.out) == (2, "")
    assert "does not exist" in ended.err


def test_a_stop_reaches_the_job_behind_the_command_line(tmp_path: Path, large: Path) -> None:
    output = ("--output", tmp_path / "out", "--set", "n_estimators=10000")
    ended = start(tmp_path, "train", "--demand", large, *output, program="cli.main").stopped_in_the_fit(signal.SIGTERM)
    assert "stopped by SIGTERM: nothing was written" in ended.err


def test_after_a_kill_the_same_run_starts_clean(tmp_path: Path, large: Path) -> None:
    arguments = ("train", "--output", tmp_path / "out", "--run-id", RUN, "--set", "horizon=4", "--demand")
    job = start(tmp_path, *arguments, large, "--set", "n_estimators=10000")
    job.wait_for_log("check: ")
    job.process.kill()
    assert job.end().code == -signal.SIGKILL
    assert [name for name in left_in(tmp_path / "out") if not name.startswith(".")] == []
    small = write(tmp_path, {"small.parquet": shop(3, 30)}) / "small.parquet"
    assert start(tmp_path, *arguments, small, "--set", "n_estimators=5").end().code == 0
    assert Finished(tmp_path / "out").manifest["series"] == 3
    assert [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")] == []
