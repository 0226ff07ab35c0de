"""Write and read frames in Arrow files, under any path. polars would take brackets in a path for a pattern."""

from pathlib import Path

import polars as pl

from job_code.files.find_files import utf8_path


def write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a frame into an Arrow file."""
    with path.open("wb") as file:
        frame.write_ipc(file)


def read_frame(path: Path) -> pl.DataFrame:
    """Read an Arrow file."""
    with utf8_path(path) as named:
        return pl.scan_ipc(named, glob=False).collect()
