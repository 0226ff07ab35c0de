"""Run `train` or `infer` on local files (`--demand`), without AWS. The run has the same steps as in the cloud."""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contract.error_codes import ErrorCode, render
from contract.job_start import INPUTS
from contract.s3.keys import MODEL_DOCUMENT, MODELS, RunKeys
from job_code.config import ForecastConfig
from job_code.entrypoints.config_file import read_config_file
from job_code.entrypoints.early_workers import workers_for
from job_code.errors import InputError
from job_code.files.find_files import printable
from job_code.runtime.failures import Failure, exit_code_of
from job_code.runtime.gc_pause import gc_paused
from job_code.runtime.progress import Progress, write_or_discard
from job_code.runtime.signals import stop_promptly

if TYPE_CHECKING:
    from job_code.runtime.output_store import Output


def run_locally(options: argparse.Namespace) -> int:
    """Run `train` or `infer` on local files.

    Args:
        options: Options parsed by `__main__`.

    Returns:
        The exit code.
    """
    output: Output | None = None
    finished = False
    progress = Progress(context={"run_id": options.run_id} if options.log_format == "json" else None)

    def abandon() -> None:
        if output is not None:
            output.abandon()

    def clean_up(signal: str) -> None:
        abandon()
        message = render(ErrorCode.STOPPED, f"stopped by {signal}{'' if finished else ': nothing was written'}")
        print(f"\n{message}", file=sys.stderr)

    def report(failure: Failure) -> None:
        abandon()
        failure.log(progress)

    def work() -> None:
        nonlocal output, finished
        inputs = {name: path for name in INPUTS if (path := getattr(options, name))}
        with workers_for(inputs) as workers:
            with gc_paused():
                from job_code.entrypoints.run import run
                from job_code.run_request import RunRequest
                from job_code.runtime.output_store import LocalOutput

            config = _configuration(options)
            missing = [
                f"{name}: file or folder {path} does not exist. Check the path"
                for name, path in inputs.items()
                if not path.exists()
            ]
            if missing:
                raise InputError(missing)
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
        write_or_discard(_locations(manifest, output, trained=options.model is None), sys.stdout)

    stop_promptly(clean_up)  # before the imports, because some of them start threads
    return exit_code_of(work, on_failure=report)


def _locations(manifest: Mapping[str, Any], output: "Output", *, trained: bool) -> str:
    keys = RunKeys(partition=manifest["partition"], run_id=manifest["run_id"])
    lines = [f"forecasts: {output.location(keys.forecasts)}", f"report:    {output.location(keys.report)}"]
    if trained:
        lines.append(f"model:     {output.location(keys.models)}")
    return "".join(f"{printable(line)}\n" for line in lines)


def _configuration(options: argparse.Namespace) -> ForecastConfig:
    """Compose the configuration. With an earlier model, missing keys have the values of its training."""
    values = read_config_file(options.config) if options.config else {}
    if options.model is not None:
        from job_code.forecasting.model_store import load_model

        if options.model.is_file():
            raise InputError([f"--model: {options.model} is a file; use the folder that contains it"])
        if not (options.model / MODEL_DOCUMENT).is_file():
            raise InputError(
                [f"--model: {options.model} has no {MODEL_DOCUMENT}; use the folder of an earlier run below {MODELS}"]
            )
        values = load_model(options.model).config.model_dump(exclude={"cutoff", "max_model_age_days"}) | values
    return ForecastConfig.from_mapping(values | _settings(options.set), source="configuration")


def _check_manifest(path: Path) -> None:
    """Check the published manifest before the run starts, because a run can take an hour."""
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
