"""Measure the lower bound of a run, each part in a separate process."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.speed.limit import decode, trees
from benchmarks.speed.limit.least_work import Limit
from benchmarks.speed.limit.predictors import LIGHTGBM
from benchmarks.speed.measure_process import ROOT, only_cores


def measure_limit(
    demand: Path, columns: Sequence[str], models: Path, forecasts: Mapping[str, int], *, cores: int
) -> Limit:
    """Measure the lower bound of a run.

    Args:
        demand: Folder of its demand.
        columns: Columns that the run needs.
        models: Folder of its models, `NAME.txt` each. A model with too few training rows has no file.
        forecasts: Number of rows that each model predicts, by name of the model.
        cores: Number of cores that the run could use.

    Raises:
        RuntimeError: A part failed. The message has its error output.
    """
    existing = {name: rows for name, rows in forecasts.items() if (models / f"{name}.txt").exists()}
    files = [str(models / f"{name}.txt") for name in existing]
    return Limit(
        decode_seconds=round(_run(decode.__name__, [str(demand), *columns], cores=cores), 3),
        forecasts=existing,
        microseconds=_run(trees.__name__, files, cores=1) if files else {LIGHTGBM: {}},
        cores=cores,
    )


def _run(module: str, arguments: Sequence[str], *, cores: int) -> Any:  # noqa: ANN401 (as JSON has it)
    with only_cores(cores):
        command = [sys.executable, "-m", module, *arguments]
        ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # nosec B603 # our program
    if ended.returncode:
        raise RuntimeError(f"lower bound not measured: exit code {ended.returncode} of {module}: {ended.stderr}")
    return json.loads(ended.stdout.splitlines()[-1])
