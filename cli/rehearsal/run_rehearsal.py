"""One rehearsal from start to end: `rehearse` implements `onejob run`."""

import json
import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.environment import read_settings
from cli.errors import INTERRUPTED, CommandError
from cli.rehearsal.application import local_cloud_of
from cli.rehearsal.display import Display
from cli.rehearsal.rehearsal import Rehearsal
from cli.rehearsal.request import RehearsalRequest
from cli.rehearsal.synthetic_demand import SyntheticDemand, write_demand
from cli.rehearsal.user_demand import overrides_for
from contract.job_start import COVARIATES, INPUTS, STATIC
from contract.s3.keys import FORECASTS, REPORTS, RunKeys
from job_code.errors import InputError
from job_code.files.find_files import find_files
from local_cloud import LocalCloud

OPTIONAL_INPUTS = (STATIC, COVARIATES)


def rehearse(request: RehearsalRequest) -> int:
    """Run one rehearsal.

    Returns:
        The exit code: 0 if the execution succeeded, 1 if it failed, 130 after Ctrl-C.

    Raises:
        InputError: An option or input file is invalid or missing.
        CommandError: The environment is invalid, or the local cloud or the deployment fails.
    """
    settings = read_settings(request.environment)
    execution_input = _execution_input(request, settings.forecast.to_strings())
    output = request.output.resolve() / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
    try:
        output.mkdir(parents=True)
    except OSError as error:
        raise CommandError(f"--output: cannot write {output.parent}: {error.strerror}") from error
    display, started = Display(), time.monotonic()
    try:
        with local_cloud_of(settings) as cloud:
            display.say(f"local cloud at {cloud.endpoint_url}")
            rehearsal = Rehearsal(cloud=cloud, environment=request.environment, output=output, display=display)
            manifest = _perform(rehearsal, _inputs(request, rehearsal), execution_input)
            if manifest is not None:
                _summarize(rehearsal, manifest, time.monotonic() - started)
            if request.keep:
                _keep(cloud, display)
    except RuntimeError as error:
        raise CommandError(str(error)) from error
    except KeyboardInterrupt:
        print("\ninterrupted: onejob has deleted the local cloud and its contents", file=sys.stderr)
        return INTERRUPTED
    return 1 if manifest is None else 0


def _execution_input(request: RehearsalRequest, configured: Mapping[str, str]) -> dict[str, Any]:
    """Return the execution's input, with the configuration from the demand's columns and from `--set`."""
    try:
        execution_input = json.loads(request.input)
    except ValueError as error:
        raise InputError([f'--input: {request.input} is not JSON: {error}; write {{}} or {{"cutoff": ...}}']) from None
    problems = [f"--set {pair}: write it as key=value" for pair in request.set if "=" not in pair]
    if not isinstance(execution_input, dict):
        problems.append(f'--input: {request.input} is not a JSON object; write {{}} or {{"cutoff": ...}}')
    if problems:
        raise InputError(problems)
    for name in OPTIONAL_INPUTS:
        path = getattr(request, name)
        if path is not None and request.demand is None:
            raise InputError([f"--{name}: add --demand; --{name} cannot be combined with synthetic demand"])
        if path is not None:
            find_files(path, source=name)
    overrides = overrides_for(request.demand, configured, request.set)
    config = execution_input.get("config", {})
    return (
        {**execution_input, "config": overrides | config} if overrides and isinstance(config, dict) else execution_input
    )


def _inputs(request: RehearsalRequest, rehearsal: Rehearsal) -> dict[str, Path]:
    """Return the files or folders to upload, by name of the input."""
    paths = {name: path for name in INPUTS if (path := getattr(request, name))}
    if paths:
        return paths
    synthetic = rehearsal.output / "synthetic"
    with rehearsal.display.progress("generating synthetic demand"):
        series = write_demand(SyntheticDemand(), synthetic)
    rehearsal.display.say(f"generated synthetic demand of {series:,} series")
    return {folder.name: folder for folder in synthetic.iterdir()}


def _perform(
    rehearsal: Rehearsal, inputs: Mapping[str, Path], execution_input: dict[str, Any]
) -> dict[str, Any] | None:
    """Deploy, upload and run.

    Returns:
        The manifest of the run; None if the execution failed.
    """
    display, application = rehearsal.display, rehearsal.deploy()
    display.heading("Upload")
    for name, path in inputs.items():
        rehearsal.upload(path, application.outputs[f"{name.title()}Uri"])
    ended = rehearsal.execute(application, execution_input)
    rehearsal.fetch(application.bucket, (FORECASTS, REPORTS))
    if ended.status == "SUCCEEDED":
        file = rehearsal.output / _keys(ended.output).manifest
        manifest: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return manifest
    display.heading(f"{ended.error}")
    display.say(_message(ended.cause))
    _show_execution(rehearsal)
    return None


def _message(cause: str) -> str:
    """Return the error message of the failed function, or the cause unchanged."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return cause


def _summarize(rehearsal: Rehearsal, manifest: Mapping[str, Any], seconds: float) -> None:
    say = rehearsal.display.say
    forecast, baseline = manifest["metrics"]["forecast"], manifest["metrics"]["seasonal_naive"]
    rehearsal.display.heading(f"Done in {seconds:.0f} s")
    say(f"series      {manifest['series']:,} x {manifest['horizon']} periods of {manifest['frequency']}")
    say(f"forecast    {manifest['first_period']} to {manifest['last_period']}, from the cutoff {manifest['cutoff']}")
    if forecast["wape"] is not None:
        say(f"accuracy    WAPE {forecast['wape']:.1%}, seasonal naive {baseline['wape']:.1%} (backtest)")
    say(f"forecasts   {_shown(rehearsal.output / _keys(manifest).forecasts)}")
    say(f"report      {_shown(rehearsal.output / manifest['report'])}")
    _show_execution(rehearsal)
    say("to inspect the local cloud after a run, add --keep (make run KEEP=1)")


def _show_execution(rehearsal: Rehearsal) -> None:
    folder = _shown(rehearsal.output / "execution")
    rehearsal.display.say(f"execution   {folder} (history, and the logs of all jobs and functions)")


def _keep(cloud: LocalCloud, display: Display) -> None:
    display.heading("The local cloud keeps running until Ctrl-C. In another shell:")
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        display.say(f"export {name}={cloud.environment[name]}")
    while True:
        time.sleep(3600)


def _keys(run: Mapping[str, Any]) -> RunKeys:
    return RunKeys(partition=run["partition"], run_id=run["run_id"])


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
