"""`onejob train` and `onejob infer`: the container's own program, on files of this machine."""

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
    """What `onejob train` takes: the options of `python -m job_code train`, under the same names."""

    demand: Annotated[Path, Option(metavar="PATH", help="Demand: a Parquet or CSV file, or a folder of them.")]
    static: StaticPath = None
    covariates: CovariatesPath = None
    published: Annotated[
        Path | None, Option(metavar="PATH", help="Folder of an earlier run. The report compares the forecasts with it.")
    ] = None
    output: Annotated[Path, Option(metavar="DIR", help="Folder for forecasts, report and model.")] = Path("out")
    config: Annotated[
        Path | None, Option(metavar="FILE", help="Configuration, a TOML file. --set takes precedence.")
    ] = None
    set: Settings = field(default_factory=list)
    partition: Annotated[str, Option(metavar="NAME", help="Name of the partition.")] = WHOLE
    log_format: Annotated[Literal["text", "json"], Option(help="Format of the log.")] = "text"
    run_id: Annotated[str | None, Option(metavar="NAME", help="Name of the run; the time, unless you give one.")] = None


@dataclass(frozen=True, kw_only=True)
class InferOptions(TrainOptions):
    """What `onejob infer` takes beside it."""

    model: Annotated[Path, Option(metavar="DIR", help=f"Model of an earlier run: its folder below {MODELS}.")]


@takes(TrainOptions)
def train(options: TrainOptions) -> NoReturn:
    """Train a model and forecast, without any cloud.

    Runs the program of the container, `python -m job_code train`. Exits with 2 if the input is at fault.
    """
    _run_job("train", options)


@takes(InferOptions)
def infer(options: InferOptions) -> NoReturn:
    """Forecast with the model of an earlier run, without any cloud.

    Runs the program of the container, `python -m job_code infer`. Exits with 2 if the input is at fault.
    """
    _run_job("infer", options)


def _run_job(entry: str, options: TrainOptions) -> NoReturn:
    """Become the job's process: it gets every signal and its exit code is this command's."""
    # This checkout's job, even if the current folder has a `job_code` of its own.
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", "-m", "job_code", entry, *_arguments(options)]
    os.execve(sys.executable, command, {**os.environ, "PYTHONPATH": path})  # noqa: S606 (our own program)


def _arguments(options: TrainOptions) -> Iterator[str]:
    for option in fields(options):
        value = getattr(options, option.name)
        for each in value if isinstance(value, list) else [value]:
            if each is not None:
                yield f"--{option.name.replace('_', '-')}={each}"
