"""Draw the terminal of `make run` as SVG, from the output of a real run."""

import io
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ONEJOB = Path(__file__).parents[2] / ".venv/bin/onejob"
BASE, BRIGHT = (
    [(60, 64, 72), (190, 40, 50), (26, 127, 55), (154, 103, 0), (9, 105, 218), (130, 80, 223), (27, 124, 131)],
    [(60, 64, 72), (255, 123, 114), (86, 211, 100), (227, 179, 65), (121, 192, 255), (210, 168, 255), (86, 212, 221)],
)
THEMES = {
    "light": TerminalTheme((250, 251, 252), (36, 41, 47), [*BASE, (110, 119, 129)]),
    "dark": TerminalTheme((22, 27, 34), (214, 220, 228), [*BRIGHT, (139, 148, 158)]),
}
LEFT_OUT = "  ⋮"


def draw_terminal(folder: Path) -> Iterator[Path]:
    """Write `make-run-light.svg` and `make-run-dark.svg`.

    Args:
        folder: Folder of the pictures.
    """
    lines = [Text.from_markup("[bold]$ make run[/bold]"), *_abridged(_output_of_a_run())]
    for scheme, theme in THEMES.items():
        width = max(line.cell_len for line in lines) + 1
        console = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
        for line in lines:
            console.print(line, no_wrap=True)
        drawn = console.export_svg(title="onejob", theme=theme, unique_id="onejob")
        file = folder / f"make-run-{scheme}.svg"
        # The font would come from the network, which a picture in a page cannot use.
        file.write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL), encoding="utf-8")
        yield file


def _output_of_a_run() -> list[Text]:
    """Return the lines of `onejob run` with their colors."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [ONEJOB, "run", "--environment", "dev"],
            check=True,
            cwd=folder,
            env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm-256color"},
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        output = done.stdout.replace(f"{Path(folder).resolve()}/", "")
    return [Text.from_ansi(line) for line in output.splitlines()]


def _abridged(lines: Sequence[Text]) -> list[Text]:
    """Leave out most states before the training job, and those between it and Publish."""
    plain = [line.plain.strip() for line in lines]
    first = plain.index("▸ Plan")
    job = next(at for at, line in enumerate(plain) if line.startswith("▸ TrainAndInfer"))
    done = next(at for at, line in enumerate(plain) if line.startswith("✓ TrainAndInfer"))
    publish = plain.index("▸ Publish")
    left_out = [Text(LEFT_OUT)]
    return [*lines[:first], *left_out, *lines[job : done + 1], *left_out, *lines[publish:]]
