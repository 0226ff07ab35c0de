"""`onejob train` and `onejob infer`: run the container's program on local files."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from typer import Option

from cli.checkout import CHECKOUT
from cli.options import CovariatesPath, Settings, StaticPath, takes
from contract.partitions import WHOLE
from contract.s3.keys import MODELS


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of `onejob train`: the same as of `python -m job_code train`."""

    demand: Annotated[Path, Option(metavar="PATH", help="Demand: a file, a folder of files, or a Delta table.")]
    static: StaticPath = None
    covariates: CovariatesPath = None
    published: Annotated[
        Path | None, Option(metavar="PATH", help="Folder of an earlier run. The report compares its forecasts.")
    ] = None
    output: Annotated[Path, Option(metavar="DIR", help="Folder for forecasts, report and model.")] = Path("out")
    config: Annotated[
        Path | None, Option(metavar="FILE", help="Configuration file (TOML). --set takes precedence.")
    ] = None
    set: Settings = field(default_factory=list)
    partition: Annotated[str, Option(metavar="NAME", help="Name of the partition.")] = WHOLE
    log_format: Annotated[Literal["text", "json"], Option(help="Format of the log.")] = "text"
    run_id: Annotated[str | None, Option(metavar="NAME", help="Name of the run. Default: the time.")] = None


@dataclass(frozen=True, kw_only=True)
class InferOptions(TrainOptions):
    """The options of `onejob infer`: those of `onejob train` and the model."""

    model: Annotated[Path, Option(metavar="DIR", help=f"Model of an earlier run: a folder below {MODELS}.")]


@takes(TrainOptions)
def train(options: TrainOptions) -> NoReturn:
    """Train a model and forecast, without any cloud.

    Runs the container's program, `python -m job_code train`. Exits with 2 if the input is invalid.
    """
    _run_job("train", options)


@takes(InferOptions)
def infer(options: InferOptions) -> NoReturn:
    """Forecast with the model of an earlier run, without any cloud.

    Runs the container's program, `python -m job_code infer`. Exits with 2 if the input is invalid.
    """
    _run_job("infer", options)


def _run_job(entry: str, options: TrainOptions) -> NoReturn:
    """Replace this process by the job, so that signals reach the job and its exit code is the command's."""
    # Use this checkout's job, even if the current folder also has a `job_code`.
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", "job_code", entry, *_arguments(options)]
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": path})  # nosec B606 # our program


def _arguments(options: TrainOptions) -> Iterator[str]:
    for option in fields(options):
        value = getattr(options, option.name)
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                yield f"--{option.name.replace('_', '-')}={each}"
