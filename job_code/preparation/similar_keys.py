"""Find series whose keys differ only in how they are written: probably one series under two names."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from job_code.demand.demand_rows import SOURCE
from job_code.plausibility.key_texts import simplified
from job_code.preparation.panel_chunks import read_keys
from job_code.tables.key_columns import series_name
from job_code.tables.key_hashes import Hashes, hash_keys
from job_code.tables.validation_report import EXAMPLES, Level, ValidationReport

_FILE = "simplified_keys.npy"
MANY = 0.01  # share of the series; some catalogs have a few keys that differ in case on purpose


def write_simplified_keys(keys: pl.DataFrame, folder: Path) -> None:
    """Write a hash of each simplified key to the folder of the chunk.

    Args:
        keys: Key columns of the series of a chunk.
        folder: Folder of the chunk.
    """
    if pl.String in keys.dtypes:
        np.save(folder / _FILE, _simplified(keys))


def report_similar_keys(chunks: Sequence[Path], findings: ValidationReport) -> bool:
    """Report series whose keys are almost equal. Memory: 8 bytes per series.

    Args:
        chunks: Folders of all chunks.
        findings: Takes the finding: a warning if there are many such series, otherwise a note.

    Returns:
        Whether there are any.
    """
    files = [folder / _FILE for folder in chunks if (folder / _FILE).exists()]
    if not files:
        return False
    hashes = np.sort(np.concatenate([np.load(file) for file in files]))
    repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    count = int(np.isin(hashes, repeated).sum())
    level: Level = "warning" if count >= MANY * len(hashes) else "note"
    findings.add(
        SOURCE,
        "series",
        "with a key that differs from another only in case, blanks, zeros, quotes, dashes or invisible characters",
        remedy="Each is forecast on its own. If they are the same, write their key in one way",
        count=count,
        examples=_examples(chunks, repeated[:EXAMPLES]),
        level=level,
    )
    return bool(count)


def _simplified(keys: pl.DataFrame) -> Hashes:
    texts = keys.select(pl.col(pl.String)).columns
    return hash_keys(keys.with_columns(simplified(keys[name]) for name in texts), tuple(keys.columns))


def _examples(chunks: Sequence[Path], hashes: Hashes) -> list[str]:
    """Return the keys behind each hash: `'A1' and 'A1 '`."""
    if not len(hashes):
        return []
    found: dict[int, list[str]] = {int(each): [] for each in hashes}
    for folder in chunks:
        simplified = np.load(folder / _FILE)
        at = np.flatnonzero(np.isin(simplified, hashes))
        if len(at):
            for key, simple in zip(read_keys(folder)[at].rows(), simplified[at].tolist(), strict=True):
                found[simple].append(series_name(key))
    return sorted(_shown(*sorted(names, key=repr)[:2]) for names in found.values())


def _shown(*names: str) -> str:
    """Return names in quotes. If they look alike, each character that is not ASCII and each double blank is escaped."""
    look_alike = len({" ".join(unicodedata.normalize("NFC", repr(name)).split()) for name in names}) == 1
    return " and ".join(ascii(name).replace("  ", r"\x20\x20") if look_alike else repr(name) for name in names)
