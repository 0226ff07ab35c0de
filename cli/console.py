"""Where the commands print: colors and a spinner on a terminal, plain lines in a pipe or a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# Lines are data that programs read: Rich wraps, highlights and interprets nothing in them.
OUTPUT = Console(soft_wrap=True, markup=False, highlight=False, emoji=False)


@contextmanager
def progress(text: str, *, console: Console = OUTPUT) -> Iterator[Callable[[str], None]]:
    """Show a spinner, a text and the seconds that have passed, while the block runs; nothing outside of a terminal.

    Args:
        text: What the command does.
        console: Where to show it.

    Yields:
        A function that replaces the text and starts the seconds again.
    """
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.file.isatty()) as shown:
        task = shown.add_task(text, total=None)
        yield lambda changed: shown.reset(task, description=changed)
