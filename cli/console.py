"""Output of the commands: colors and a spinner on a terminal, plain lines in a pipe or a log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# Other programs may read the lines, so Rich must not wrap, highlight or interpret them.
OUTPUT = Console(soft_wrap=True, markup=False, highlight=False, emoji=False)


@contextmanager
def progress(text: str, *, console: Console = OUTPUT) -> Iterator[Callable[[str], None]]:
    """Show a spinner, a text and the elapsed seconds while the block runs. Without a terminal, show nothing.

    Args:
        text: The current activity.
        console: Console for the spinner.

    Yields:
        A function that replaces the text and restarts the seconds.
    """
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.file.isatty()) as shown:
        task = shown.add_task(text, total=None)
        yield lambda changed: shown.reset(task, description=changed)
