"""The commands of `onejob`, in the order of its help."""

from typer import Typer

from cli.commands.acceptance import acceptance
from cli.commands.bootstrap import bootstrap
from cli.commands.deploy import deploy, diff
from cli.commands.destroy import destroy
from cli.commands.job import infer, train
from cli.commands.plan_fleet import plan_fleet
from cli.commands.preflight import preflight
from cli.commands.run import run
from cli.errors import CommandGroup

PANELS = {
    "On this computer": (run, train, infer),
    "On AWS": (preflight, bootstrap, diff, deploy, acceptance, destroy),
    "Planning": (plan_fleet,),
}

app = Typer(
    name="onejob",
    cls=CommandGroup,
    help="Forecast demand. One SageMaker training job trains a model and forecasts every series.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for panel, commands in PANELS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)

if __name__ == "__main__":
    app(prog_name="onejob")
