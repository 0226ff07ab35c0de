"""The entries: `train` in a container, where everything comes from `/opt/ml`, and `train --demand ...` on a laptop."""

import argparse
import os
import shutil
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from job_code.config import ForecastConfig, read_config_file
from job_code.errors import InputError, JobError
from job_code.progress import Progress
from job_code.sagemaker_paths import SageMakerPaths
from job_code.termination import stop_promptly

if TYPE_CHECKING:
    from job_code.output import Output

JOB_ERROR = 1
INPUTS = ("demand", "static", "covariates")
PUBLISHED = "published"

# LightGBM's threads meet after every few milliseconds and by default spin while they wait: where another process wants
# a core too, a fit takes ten times as long. Spinning for a moment only, then sleeping, costs nothing where nobody does.
# GNU's OpenMP runtime reads this once, when LightGBM is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "50000")


def main(arguments: list[str] | None = None) -> int:
    """Runs one entry.

    Returns:
        The exit code: 0, 1 for an error of the job or the platform, 2 for an error of the input.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.demand and not SageMakerPaths.from_environment().root.is_dir():
        parser.error("--demand is needed outside of a SageMaker container: there is no /opt/ml here")
    if options.demand:
        return _on_laptop(options)
    with tempfile.TemporaryDirectory(prefix="onejob-", ignore_cleanup_errors=True) as scratch:
        return _in_container(Path(scratch))


def _in_container(scratch: Path) -> int:
    paths = SageMakerPaths.from_environment()
    job_name = os.environ.get("TRAINING_JOB_NAME", "")
    progress = Progress(about={"run_id": job_name, "job_name": job_name})

    def clean_up(signal: str) -> None:
        paths.write_failure(f"job error: stopped by {signal}")
        shutil.rmtree(scratch, ignore_errors=True)

    stop_promptly(clean_up)
    try:
        from job_code.output import S3Output
        from job_code.run import refuse, run
        from job_code.run_request import RunRequest
        from job_code.s3 import S3Folder

        output = S3Output(S3Folder.from_uri(_required("OUTPUT_URI")))
        run_id, partition = _required("TRAINING_JOB_NAME"), _required("PARTITION")
        try:
            inputs = {name: folder for name in INPUTS if (folder := paths.channel(name))}
            if "demand" not in inputs:
                raise InputError(["demand: the job has no channel of that name, and no --demand was given"])
            config = ForecastConfig.from_mapping(paths.hyperparameters(), source="configuration")
        except InputError as error:
            refuse(error, output, partition=partition, run_id=run_id, folder=scratch)
            raise
        request = RunRequest(run_id, partition, inputs, config, paths.channel(PUBLISHED))
        run(request, output, progress=progress, folder=scratch)
    except InputError as error:
        return _failed(paths, progress, f"input error: {error}", error.exit_code)
    except JobError as error:
        return _failed(paths, progress, f"job error: {error}", JOB_ERROR)
    except Exception as error:
        message = f"job error: {type(error).__name__}: {' '.join(str(error).split())}"
        return _failed(paths, progress, message, JOB_ERROR, trace=traceback.format_exc())
    return 0


def _on_laptop(options: argparse.Namespace) -> int:
    output: Output | None = None
    finished = False

    def clean_up(signal: str) -> None:
        if output is not None:
            output.abandon()
        print(f"\nstopped by {signal}{'' if finished else ': nothing was written'}", file=sys.stderr)

    stop_promptly(clean_up)  # before the imports: some of them start threads
    try:
        from job_code.output import LocalOutput
        from job_code.run import run
        from job_code.run_request import RunRequest

        given = read_config_file(options.config) if options.config else {}
        config = ForecastConfig.from_mapping(given | _settings(options.set), source="configuration")
        if options.published:
            _check_manifest(options.published)
        output = folder = LocalOutput(options.output, options.run_id)
    except InputError as error:
        return _say_input_error(error)
    inputs = {name: path for name in INPUTS if (path := getattr(options, name))}
    try:
        request = RunRequest(options.run_id, options.partition, inputs, config, options.published)
        manifest = run(request, output, progress=Progress(), folder=folder.scratch)
        finished = True
    except InputError as error:
        return _say_input_error(error)
    except JobError as error:
        output.abandon()
        print(f"job error: {error}", file=sys.stderr)
        return JOB_ERROR
    except BaseException:
        output.abandon()
        raise
    files = Path(output.location(manifest["report"])).parent
    print(f"forecasts: {output.location(_forecast_folder(manifest))}")
    print(f"report:    {files / 'report.html'}")
    return 0


def _check_manifest(path: Path) -> None:
    """A path that was given by hand must lead somewhere; found out now, not after an hour's work."""
    from job_code.published_run import PublishedRun

    try:
        PublishedRun.read(path)
    except ValueError as error:
        raise InputError([f"--published: {error}"]) from None


def _forecast_folder(manifest: dict[str, Any]) -> str:
    return f"forecasts/partition={manifest['partition']}/run_id={manifest['run_id']}"


def _failed(paths: SageMakerPaths, progress: Progress, message: str, exit_code: int, **fields: str) -> int:
    progress.say(message, level="ERROR", **fields)
    paths.write_failure(message)
    return exit_code


def _say_input_error(error: InputError) -> int:
    print("input error:", *error.problems, sep="\n  ", file=sys.stderr)
    return error.exit_code


def _required(variable: str) -> str:
    value = os.environ.get(variable)
    if not value:
        raise RuntimeError(f"the environment variable {variable} is not set; the state machine passes it to the job")
    return value


def _settings(pairs: list[str]) -> dict[str, str]:
    malformed = [pair for pair in pairs if "=" not in pair]
    if malformed:
        raise InputError([f"--set {pair}: write it as key=value" for pair in malformed])
    return {key.strip(): value.strip() for key, value in (pair.split("=", 1) for pair in pairs)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m job_code", description="Train a demand forecast and forecast every series in one go."
    )
    entries = parser.add_subparsers(dest="entry", required=True)
    train = entries.add_parser(
        "train", description="Without --demand: a SageMaker training container, which takes everything from /opt/ml."
    )
    train.add_argument("--demand", type=Path, metavar="PATH", help="Parquet or CSV file, or a folder of them")
    train.add_argument("--static", type=Path, metavar="PATH", help="the same, with one row a series")
    train.add_argument("--covariates", type=Path, metavar="PATH", help="the same, with one row a key and period")
    train.add_argument(
        "--published", type=Path, metavar="PATH", help="an earlier run's folder, for the report to compare with"
    )
    train.add_argument("--output", type=Path, metavar="DIR", default=Path("out"), help="default: out")
    train.add_argument("--config", type=Path, metavar="FILE.toml", help="configuration; --set goes before it")
    train.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="one configuration key; lists with commas"
    )
    train.add_argument("--partition", default="all", metavar="NAME", help="default: all")
    train.add_argument(
        "--run-id", default=f"laptop-{datetime.now(UTC):%Y%m%d-%H%M%S}", metavar="NAME", help="default: from the clock"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
