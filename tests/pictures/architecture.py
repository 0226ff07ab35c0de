"""Render the architecture diagram with Graphviz."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SOURCE = "architecture.dot"
COLORS = {
    "light": {"line": "#7ea6f0", "fill": "#eef4ff", "text": "#1a2230", "edge": "#586273"},
    "dark": {"line": "#4d76c4", "fill": "#17233a", "text": "#e6eaf0", "edge": "#9aa5b4"},
}


def draw_architecture(folder: Path) -> Iterator[Path]:
    """Write `architecture-light.svg` and `architecture-dark.svg`.

    Args:
        folder: Folder of the source and of the pictures.
    """
    dot = shutil.which("dot")
    if dot is None:
        raise SystemExit("Graphviz is not installed; on Debian: apt-get install graphviz")
    for scheme, colors in COLORS.items():
        options = [
            f"-Ncolor={colors['line']}",
            f"-Nfillcolor={colors['fill']}",
            f"-Nfontcolor={colors['text']}",
            f"-Ecolor={colors['edge']}",
            f"-Efontcolor={colors['edge']}",
        ]
        drawn = subprocess.run(
            [dot, "-Tsvg", *options, folder / SOURCE], check=True, capture_output=True, text=True, encoding="utf-8"
        ).stdout
        file = folder / f"architecture-{scheme}.svg"
        # The comments name the version of Graphviz, which changes without a change of the picture.
        file.write_text(re.sub(r"<!--.*?-->\n?", "", drawn, flags=re.DOTALL), encoding="utf-8")
        yield file
