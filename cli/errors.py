"""Errors that the user can fix. Each is printed as one line, without a traceback."""

import sys
from collections.abc import Iterator
from typing import Any, NoReturn

from typer import Abort, TyperException
from typer.core import TyperGroup

from job_code.errors import InputError

INTERRUPTED = 130  # exit code after Ctrl-C, as of a shell


class CommandError(Exception):
    """A command failed. The message has the cause and the remedy."""

    exit_code = 1


class CommandGroup(TyperGroup):
    """Run a command and exit with its return code or its error's exit code.

    Unexpected errors keep their traceback.
    """

    def main(self, *arguments: Any, **settings: Any) -> NoReturn:  # noqa: ANN401 (Typer's own signature)
        """Run the command in the arguments and exit."""
        try:
            code = super().main(*arguments, **{**settings, "standalone_mode": False})
        except (CommandError, InputError, TyperException) as error:
            for line in _lines(error):
                print(line, file=sys.stderr)
            code = error.exit_code
        except Abort:
            code = 1
        sys.exit(code)


def _lines(error: CommandError | InputError | TyperException) -> Iterator[str]:
    if isinstance(error, InputError):
        yield from (f"input error: {problem}" for problem in error.problems)
    elif isinstance(error, CommandError):
        yield str(error)
    elif message := " ".join(error.format_message().split()):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "onejob"
        yield f"{command}: {message}{'' if message[-1] in '.?' else '.'} See: {command} --help"
