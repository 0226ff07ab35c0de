"""The options of a rehearsal."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from typer import Option

from cli.options import CovariatesPath, Environment, Settings, StaticPath
from contract.names import PERSONAL_ENVIRONMENT


@dataclass(frozen=True, kw_only=True)
class RehearsalRequest:
    """The options of `onejob run`.

    Attributes:
        environment: Name of a file in `environments/`, without `.toml`.
        demand: File or folder; None for synthetic demand.
        static: File or folder; None without static features. Synthetic demand has its own.
        covariates: File or folder; None without covariates.
        set: Configuration of this run as `key=value` pairs.
        input: Input of the execution as JSON.
        output: Parent of the folder for the results.
        keep: Whether the local cloud keeps running until Ctrl-C.
    """

    environment: Environment = PERSONAL_ENVIRONMENT
    demand: Annotated[
        Path | None,
        Option(metavar="PATH", help="Your demand: a file, a folder of files, or a Delta table. Default: synthetic."),
    ] = None
    static: StaticPath = None
    covariates: CovariatesPath = None
    set: Settings = field(default_factory=list)
    input: Annotated[str, Option(metavar="JSON", help="Input of the Step Functions execution.")] = "{}"
    output: Annotated[Path, Option(metavar="DIR", help="Folder for the results.")] = Path("out")
    keep: Annotated[bool, Option("--keep", help="Keep the local cloud running afterwards, until Ctrl-C.")] = False
