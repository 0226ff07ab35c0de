"""`make run`: deploys the application into a cloud on this machine, runs it and shows the forecasts."""

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.rehearsal.display import Display
from cli.rehearsal.given_demand import overrides_for
from cli.rehearsal.rehearsal import Rehearsal
from cli.rehearsal.synthetic_demand import SyntheticDemand, write_demand
from infra.settings.loader import SettingsError, load_settings
from job_code.errors import InputError
from job_code.table_files import find_files
from local_cloud import LocalCloud

PROJECT = Path(__file__).resolve().parents[2]
BESIDE_DEMAND = ("static", "covariates")
LOCAL_ACCOUNT = "123456789012"  # of an environment that leaves it open


def main() -> int:
    """Runs one rehearsal.

    Returns:
        0 if the execution succeeded, 1 if it failed, 2 if there was nothing to run, 130 after Ctrl-C.
    """
    options = _parser().parse_args()
    display = Display()
    try:
        settings = load_settings(options.environment, PROJECT / "environments")
        execution_input = _execution_input(options, settings.forecast.to_strings())
        output = options.output.resolve() / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}"
        output.mkdir(parents=True)
        begun = time.monotonic()
        account, region = settings.deployment.account or LOCAL_ACCOUNT, settings.deployment.region
        with (
            tempfile.TemporaryDirectory(prefix="onejob-cloud-") as state,
            LocalCloud(Path(state), account=account, region=region) as cloud,
        ):
            display.say(f"a cloud on this machine: {cloud.endpoint_url}")
            code = _rehearse(
                Rehearsal(cloud, PROJECT, options.environment, output, display), options, execution_input, begun
            )
            if options.keep:
                _keep(cloud, display)
    except InputError as error:
        print("input error:", *error.problems, sep="\n  ", file=sys.stderr)
        return error.exit_code
    except (SettingsError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: the local cloud and everything in it is gone", file=sys.stderr)
        return 130
    return code


def _execution_input(options: argparse.Namespace, configured: dict[str, str]) -> dict[str, Any]:
    """The execution's input, with the configuration that the demand's columns and `--set` ask for."""
    try:
        given = json.loads(options.input)
    except ValueError as error:
        raise InputError([f'--input: {options.input} is not JSON: {error}; write {{}} or {{"cutoff": ...}}']) from None
    malformed = [pair for pair in options.set if "=" not in pair]
    if malformed or not isinstance(given, dict):
        problems = [f"--set {pair}: write it as key=value" for pair in malformed]
        raise InputError(problems or [f'--input: {options.input} is not an object; write {{}} or {{"cutoff": ...}}'])
    for name in BESIDE_DEMAND:
        path = getattr(options, name)
        if path is not None:
            if options.demand is None:
                raise InputError([f"--{name}: it needs --demand beside it; the synthetic demand brings its own"])
            find_files(path, source=name)
    overrides = overrides_for(options.demand, configured, options.set)
    asked = given.get("config", {})
    return {**given, "config": overrides | asked} if overrides and isinstance(asked, dict) else given


def _rehearse(rehearsal: Rehearsal, options: argparse.Namespace, execution_input: dict[str, Any], begun: float) -> int:
    display = rehearsal.display
    inputs = {name: path for name in ("demand", *BESIDE_DEMAND) if (path := getattr(options, name))}
    if not inputs:
        synthetic = rehearsal.output / "synthetic"
        made = write_demand(SyntheticDemand(), synthetic)
        inputs = {folder.name: folder for folder in synthetic.iterdir()}
        display.say(f"made synthetic demand of {made:,} series")
    outputs = rehearsal.deploy()
    display.heading("demand")
    for name, path in inputs.items():
        rehearsal.upload(path, outputs[f"{name.title()}Uri"])
    ended = rehearsal.execute(outputs["StateMachineArn"], execution_input)
    rehearsal.fetch(outputs["ForecastBucket"], ("forecasts/", "reports/"))
    if ended.status != "SUCCEEDED":
        display.heading(f"{ended.error}")
        display.say(_told(ended.cause))
        display.say(
            f"execution   {_shown(rehearsal.output / 'execution')} (history, and the log of every job and function)"
        )
        return 1
    _summarise(rehearsal, ended.output, time.monotonic() - begun)
    return 0


def _told(cause: str) -> str:
    """What the failed function said; or the cause as it is."""
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, TypeError, KeyError):
        return cause


def _summarise(rehearsal: Rehearsal, run: dict[str, Any], seconds: float) -> None:
    say = rehearsal.display.say
    run_folder = f"partition={run['partition']}/run_id={run['run_id']}"
    forecasts = rehearsal.output / "forecasts" / run_folder
    manifest = json.loads((forecasts / "_manifest.json").read_text(encoding="utf-8"))
    forecast, baseline = manifest["metrics"]["forecast"], manifest["metrics"]["baseline"]
    rehearsal.display.heading(f"Done in {seconds:.0f} s")
    say(f"series      {manifest['series']:,} x {manifest['horizon']} periods of {manifest['frequency']}")
    say(f"forecast    {manifest['first_period']} to {manifest['last_period']}, from the cutoff {manifest['cutoff']}")
    if forecast["wape"] is not None:
        say(f"accuracy    WAPE {forecast['wape']:.1%}, seasonal naive {baseline['wape']:.1%} (backtest)")
    say(f"forecasts   {_shown(forecasts)}")
    say(f"report      {_shown(rehearsal.output / manifest['report'])}")
    say(f"execution   {_shown(rehearsal.output / 'execution')} (history, and the log of every job and function)")
    say("to look around in the cloud itself, keep it up: make run KEEP=1")


def _keep(cloud: LocalCloud, display: Display) -> None:
    display.heading("The cloud stays up until Ctrl-C. In another shell:")
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        display.say(f"export {name}={cloud.environment[name]}")
    while True:
        time.sleep(3600)


def _shown(path: Path) -> str:
    return str(path.relative_to(PROJECT) if path.is_relative_to(PROJECT) else path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli.rehearsal.rehearse", description=__doc__)
    parser.add_argument("--environment", default="dev", help="which environment to deploy (default: dev)")
    parser.add_argument("--demand", type=Path, metavar="PATH", help="your own demand (default: synthetic)")
    parser.add_argument("--static", type=Path, metavar="PATH", help="static columns of the series")
    parser.add_argument("--covariates", type=Path, metavar="PATH", help="what is known of periods: prices, holidays")
    parser.add_argument("--input", default="{}", metavar="JSON", help="the execution's input (default: {})")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="configuration of this run")
    parser.add_argument("--output", type=Path, default=PROJECT / "out", metavar="DIR", help="default: out")
    parser.add_argument("--keep", action="store_true", help="keep the cloud up afterwards, until Ctrl-C")
    return parser


if __name__ == "__main__":
    sys.exit(main())
