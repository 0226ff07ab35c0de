"""Remake the pictures in `docs/pictures`: `python -m tests.pictures [architecture] [report] [terminal]`."""

import argparse
from pathlib import Path

from tests.pictures.architecture import draw_architecture
from tests.pictures.report import draw_report
from tests.pictures.terminal import draw_terminal

FOLDER = Path(__file__).parents[2] / "docs/pictures"
PICTURES = {"architecture": draw_architecture, "report": draw_report, "terminal": draw_terminal}


def main() -> None:
    """Draw the named pictures, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.pictures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(PICTURES)}; all by default")
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in PICTURES]:
        parser.error(f"there is no picture {', '.join(unknown)}; choose from {', '.join(PICTURES)}")
    for name in names or PICTURES:
        for file in PICTURES[name](FOLDER):
            print(f"{file.relative_to(FOLDER.parents[1])}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
