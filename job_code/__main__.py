"""The entries: `train` and `infer`, in a SageMaker container or, with `--demand`, on a laptop."""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from job_code.runtime.process_pool import SPIN_COUNT

os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)  # before LightGBM is loaded

from contract.partitions import WHOLE
from contract.s3.keys import MODELS
from job_code.entrypoints.local import run_locally
from job_code.entrypoints.processing_container import run_processing_container
from job_code.entrypoints.sagemaker_paths import SageMakerPaths
from job_code.entrypoints.training_container import run_training_container


def main(arguments: list[str] | None = None) -> int:
    """Runs one entry.

    Returns:
        The exit code: 0, 1 for an error of the job or the platform, 2 for an error of the input.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    root = SageMakerPaths.from_environment().root
    if options.entry == "fleet":
        if not (root / "config").is_dir():
            parser.error("fleet runs in a SageMaker processing container alone: there is no /opt/ml/config here")
        return run_processing_container()
    if options.demand and options.entry == "infer" and not options.model:
        parser.error("infer --demand needs --model: the folder of the run whose model to use")
    if options.demand:
        return run_locally(options)
    if not root.is_dir():
        parser.error("--demand is needed outside of a SageMaker container: there is no /opt/ml here")
    return run_training_container(infer=options.entry == "infer")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m job_code", description="Train a demand forecast and forecast every series in one go."
    )
    entries = parser.add_subparsers(dest="entry", required=True)
    where = "Without --demand: a SageMaker training container, which takes everything from /opt/ml."
    train = entries.add_parser("train", help="train a model and forecast", description=where)
    infer = entries.add_parser("infer", help="forecast with an earlier run's model", description=where)
    for entry in (train, infer):
        _add_run(entry)
    train.set_defaults(model=None)
    entries.add_parser("fleet", help="one machine of a fleet: a SageMaker processing container and nothing else")
    infer.add_argument("--model", type=Path, metavar="DIR", help=f"the earlier run's folder below {MODELS}")
    return parser


def _add_run(entry: argparse.ArgumentParser) -> None:
    entry.add_argument("--demand", type=Path, metavar="PATH", help="Parquet or CSV file, or a folder of them")
    entry.add_argument("--static", type=Path, metavar="PATH", help="the same, with one row a series")
    entry.add_argument("--covariates", type=Path, metavar="PATH", help="the same, with one row a key and period")
    entry.add_argument(
        "--published", type=Path, metavar="PATH", help="an earlier run's folder, for the report to compare with"
    )
    entry.add_argument("--output", type=Path, metavar="DIR", default=Path("out"), help="default: out")
    entry.add_argument("--config", type=Path, metavar="FILE.toml", help="configuration; --set goes before it")
    entry.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="one configuration key; lists with commas"
    )
    entry.add_argument("--partition", default=WHOLE, metavar="NAME", help=f"default: {WHOLE}")
    entry.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="of what is logged on a laptop; default: text"
    )
    entry.add_argument(
        "--run-id", default=f"local-{datetime.now(UTC):%Y%m%d-%H%M%S}", metavar="NAME", help="default: from the clock"
    )


if __name__ == "__main__":
    sys.exit(main())
