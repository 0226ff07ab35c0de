"""The entries with `--demand`: the same run as in the cloud, on a laptop and without AWS."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.error_codes import ErrorCode, render
from contract.job_start import INPUTS
from contract.s3.keys import MODEL_DOCUMENT, MODELS, RunKeys
from job_code.config import ForecastConfig, read_config_file
from job_code.entrypoints.early_workers import workers_for
from job_code.errors import InputError
from job_code.runtime.failures import Failure, exit_code_of
from job_code.runtime.loading import loading
from job_code.runtime.progress import Progress
from job_code.runtime.signals import stop_promptly

if TYPE_CHECKING:
    from job_code.runtime.output_store import Output


def run_locally(options: argparse.Namespace) -> int:
    """Runs what the command line asks for.

    Args:
        options: As `__main__` has parsed them.

    Returns:
        The exit code.
    """
    output: Output | None = None
    finished = False
    progress = Progress(about={"run_id": options.run_id} if options.log_format == "json" else None)

    def abandon() -> None:
        if output is not None:
            output.abandon()

    def clean_up(signal: str) -> None:
        abandon()
        said = render(ErrorCode.STOPPED, f"stopped by {signal}{'' if finished else ': nothing was written'}")
        print(f"\n{said}", file=sys.stderr)

    def tell(failure: Failure) -> None:
        abandon()
        failure.tell(progress)

    def work() -> None:
        nonlocal output, finished
        inputs = {name: path for name in INPUTS if (path := getattr(options, name))}
        with workers_for(inputs) as workers:
            with loading():
                from job_code.entrypoints.run import run
                from job_code.run_request import RunRequest
                from job_code.runtime.output_store import LocalOutput

            config = _configuration(options)
            if options.published:
                _check_manifest(options.published)
            output = folder = LocalOutput(options.output, options.run_id)
            request = RunRequest(
                run_id=options.run_id,
                partition=options.partition,
                inputs=inputs,
                config=config,
                published=options.published,
                model=options.model,
            )
            manifest = run(request, output, workers=workers, progress=progress, folder=folder.scratch)
        finished = True
        _say_where(manifest, output, trained=options.model is None)

    stop_promptly(clean_up)  # before the imports: some of them start threads
    return exit_code_of(work, on_failure=tell)


def _say_where(manifest: Mapping[str, Any], output: "Output", *, trained: bool) -> None:
    keys = RunKeys(partition=manifest["partition"], run_id=manifest["run_id"])
    print(f"forecasts: {output.location(keys.forecasts)}")
    print(f"report:    {output.location(keys.report)}")
    if trained:
        print(f"model:     {output.location(keys.models)}")


def _configuration(options: argparse.Namespace) -> ForecastConfig:
    """Of a model that is there, what is not given is as it was trained with."""
    given = read_config_file(options.config) if options.config else {}
    if options.model is not None:
        from job_code.forecasting.model_store import load_model

        if options.model.is_file():
            raise InputError([f"--model: {options.model} is a file; give the folder it is in"])
        if not (options.model / MODEL_DOCUMENT).is_file():
            raise InputError(
                [f"--model: {options.model} has no {MODEL_DOCUMENT}; give an earlier run's folder below {MODELS}"]
            )
        given = load_model(options.model).config.model_dump(exclude={"cutoff", "max_model_age_days"}) | given
    return ForecastConfig.from_mapping(given | _settings(options.set), source="configuration")


def _check_manifest(path: Path) -> None:
    """A path that was given by hand must lead somewhere; found out now, not after an hour's work."""
    from job_code.report.published_run import PublishedRun, UnusableManifestError

    try:
        PublishedRun.read(path)
    except UnusableManifestError as error:
        raise InputError([f"--published: {error}"]) from None


def _settings(pairs: list[str]) -> dict[str, str]:
    malformed = [pair for pair in pairs if "=" not in pair]
    if malformed:
        raise InputError([f"--set {pair}: write it as key=value" for pair in malformed])
    return {key.strip(): value.strip() for key, value in (pair.split("=", 1) for pair in pairs)}
