"""Commands from a dataclass of options."""

from dataclasses import dataclass, field
from typing import Annotated

from typer import Option, Typer
from typer.testing import CliRunner

from cli.options import takes


@dataclass(frozen=True, kw_only=True)
class Order:
    name: Annotated[str, Option(help="Who orders.")]
    cups: Annotated[int, Option("--cups", "-c", min=1, help="How many.")] = 1
    with_: Annotated[list[str], Option("--with", help="What goes in.")] = field(default_factory=list)
    large: Annotated[bool, Option("--large", help="A large one.")] = False


orders: list[Order] = []
app = Typer()


@app.command()
@takes(Order)
def order(options: Order) -> None:
    """Order coffee."""
    orders.append(options)


def test_fields_are_options_with_their_defaults() -> None:
    assert CliRunner().invoke(app, ["--name", "Ann"]).exit_code == 0
    assert CliRunner().invoke(app, ["--name", "Bob", "-c", "2", "--with", "a", "--with", "b", "--large"]).exit_code == 0
    assert orders == [Order(name="Ann"), Order(name="Bob", cups=2, with_=["a", "b"], large=True)]


def test_a_field_without_a_default_is_required_and_bounds_apply() -> None:
    for arguments in ([], ["--name", "Ann", "--cups", "0"]):
        assert CliRunner().invoke(app, arguments).exit_code == 2


def test_the_command_keeps_its_name_and_help() -> None:
    assert order.__name__ == "order"
    assert "Order coffee." in CliRunner().invoke(app, ["--help"]).stdout
