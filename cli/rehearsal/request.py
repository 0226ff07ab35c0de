"""What a person may choose for a rehearsal."""

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
        environment: A file in `environments/`, without its ending.
        demand: File or folder; None for synthetic demand.
        static: File or folder; None for none, or for those of the synthetic demand.
        covariates: File or folder; None for none.
        set: Configuration of this run, `key=value` each.
        input: The execution's input, as JSON.
        output: Folder in which the rehearsal makes a folder of its own.
        keep: Whether the cloud stays up until Ctrl-C.
    """

    environment: Environment = PERSONAL_ENVIRONMENT
    demand: Annotated[
        Path | None,
        Option(metavar="PATH", help="Your own demand: a Parquet or CSV file, or a folder of them. Default: synthetic."),
    ] = None
    static: StaticPath = None
    covariates: CovariatesPath = None
    set: Settings = field(default_factory=list)
    input: Annotated[str, Option(metavar="JSON", help="Input of the execution.")] = "{}"
    output: Annotated[Path, Option(metavar="DIR", help="Folder for the results.")] = Path("out")
    keep: Annotated[bool, Option("--keep", help="Keep the cloud up afterwards, until Ctrl-C.")] = False
