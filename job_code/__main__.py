"""The commands `train`, `infer` and `fleet`. They run in a SageMaker container, or locally with `--demand`."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from job_code.runtime.process_pool import SPIN_COUNT

os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # LightGBM's runtime reads it once, on import

from contract.job_start import MODE
from contract.partitions import NAME_RULE, WHOLE, is_name
from contract.s3.keys import MODELS
from job_code.entrypoints.local import run_locally
from job_code.entrypoints.processing_container import run_processing_container
from job_code.entrypoints.sagemaker_paths import SageMakerPaths
from job_code.entrypoints.training_container import run_training_container


def main(arguments: list[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Arguments of the command line; None to use `sys.argv`.

    Returns:
        The exit code: 0 on success, 1 for an error of the job or the platform, 2 for an error of the input.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    root = SageMakerPaths.from_environment().root
    if options.entry == "fleet":
        if not (root / "config").is_dir():
            parser.error("fleet runs only in a SageMaker processing container: /opt/ml/config does not exist")
        return run_processing_container()
    if options.demand and options.entry == "infer" and not options.model:
        parser.error("infer --demand needs --model DIR, the model folder of an earlier run")
    if options.demand:
        return run_locally(options)
    if options.entry == "infer":
        parser.error(f"infer needs --demand; a SageMaker training container starts with train and {MODE}=infer")
    if not root.is_dir():
        parser.error("--demand is required outside of a SageMaker container: /opt/ml does not exist")
    return run_training_container()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m job_code", description="Train a demand model and forecast every series in one run."
    )
    entries = parser.add_subparsers(dest="entry", required=True)
    where = "Without --demand, the command runs in a SageMaker training container and reads its input from /opt/ml."
    train = entries.add_parser("train", help="train a model and forecast", description=where)
    infer = entries.add_parser("infer", help="forecast with an earlier run's model, on local files")
    for entry in (train, infer):
        _add_run(entry)
    train.set_defaults(model=None)
    entries.add_parser(
        "fleet", help="forecast on one instance of a fleet; runs only in a SageMaker processing container"
    )
    infer.add_argument("--model", type=Path, metavar="DIR", help=f"folder of the earlier run below {MODELS}")
    return parser


def _add_run(entry: argparse.ArgumentParser) -> None:
    entry.add_argument("--demand", type=Path, metavar="PATH", help="file, folder of files, or Delta table")
    entry.add_argument("--static", type=Path, metavar="PATH", help="static columns, one row per series; same formats")
    entry.add_argument("--covariates", type=Path, metavar="PATH", help="one row per key and period; same formats")
    entry.add_argument("--published", type=Path, metavar="PATH", help="earlier run that the report compares with")
    entry.add_argument("--output", type=Path, metavar="DIR", default=Path("out"), help="output folder; default: out")
    entry.add_argument("--config", type=Path, metavar="FILE.toml", help="configuration file; --set overrides it")
    entry.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one configuration key; separate lists by commas",
    )
    entry.add_argument("--partition", type=_name, default=WHOLE, metavar="NAME", help=f"default: {WHOLE}")
    entry.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="log format of a local run; default: text"
    )
    entry.add_argument(
        "--run-id",
        type=_name,
        default=f"local-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}",
        metavar="NAME",
        help="default: current time",
    )


def _name(text: str) -> str:
    """Return the text if it is a valid name of a folder and of a key in S3."""
    if not is_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not {NAME_RULE}")
    return text


if __name__ == "__main__":
    sys.exit(main())
