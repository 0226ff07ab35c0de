"""Compressed files: recognize gzip, zstd, bzip2 and zip by the first bytes, and stream what is inside."""

import bz2
import codecs
import errno
import gzip
import itertools
import re
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Literal, cast

import polars as pl

from job_code.files.find_files import printable, utf8_path
from job_code.files.unreadable import UnreadableFileError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Packing = Literal["none", "gzip", "zstd", "bzip2", "zip"]
MAGIC: dict[bytes, Packing] = {
    rb"\x1f\x8b": "gzip",
    rb"\x28\xb5\x2f\xfd": "zstd",
    rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)": "bzip2",  # text may begin with BZh
    rb"PK(?:\x03\x04|\x05\x06)": "zip",
}
MAGIC_LENGTH = 10
BLOCK = 1 << 20  # bytes of one read
END_MARK = b"\x1a"
UTF8, MARKED_UTF8 = "utf-8", "utf-8-sig"
ARCHIVE_EXTRAS = ("__MACOSX", ".DS_Store")  # macOS adds them to every zip file
DAMAGED = (EOFError, OSError, zlib.error, zstd.ZstdError, zipfile.BadZipFile)
SAVE_AGAIN = "Upload the complete file again"
JOINED, ONE_BY_ONE = "it contains several files one after another", "Upload them one by one"


def packing_of(path: Path) -> Packing:
    """Return how a file is compressed, by its first bytes."""
    with path.open("rb") as file:
        return packing_of_content(file.read(MAGIC_LENGTH))


def packing_of_content(beginning: bytes) -> Packing:
    """Return how content is compressed, by its first bytes."""
    return next((packing for magic, packing in MAGIC.items() if re.match(magic, beginning, re.DOTALL)), "none")


@contextmanager
def opened(path: Path, packing: Packing) -> Iterator[IO[bytes]]:
    """Open the content of a file, decompressed.

    Args:
        path: The file.
        packing: How it is compressed.

    Raises:
        UnreadableFileError: It cannot be opened, it was cut, or it is a zip with several files or a password.
    """
    try:
        with _open(path, packing) as content:
            yield content
    except DAMAGED as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # while the content is copied
            raise
        reason, remedy = _explained(error, packing)
        raise UnreadableFileError(reason, remedy=remedy) from None


@contextmanager
def unpacked(path: Path, packing: Packing, encoding: str = UTF8) -> Iterator[Path]:
    """Provide the content of a file as a plain file. Only compressed or recoded content is copied, to the disk.

    Args:
        path: The file.
        packing: How it is compressed.
        encoding: Python's name of the text's encoding. Any but UTF-8 is recoded to UTF-8.

    Raises:
        UnreadableFileError: The content is damaged, or it is not text in this encoding.
    """
    if packing == "none" and encoding == UTF8:
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="unpacked-") as copy:
        with opened(path, packing) as content:
            for block in _recoded(content, encoding) if encoding != UTF8 else _blocks(content):
                copy.write(block)
        copy.flush()
        yield Path(copy.name)


@contextmanager
def utf8_file(path: Path, packing: Packing, encoding: str) -> Iterator[tuple[Path, Packing]]:
    """Provide text as a file that DuckDB reads: in UTF-8, plain or compressed by gzip or zstd, with the compression.

    Args:
        path: The file.
        packing: How it is compressed.
        encoding: Python's name of its encoding.

    Raises:
        UnreadableFileError: The content is damaged, or it is not text in this encoding.
    """
    stays = encoding == UTF8 and packing in ("gzip", "zstd")
    with unpacked(path, "none" if stays else packing, encoding) as plain, utf8_path(plain) as named:
        yield named, packing if stays else "none"


@contextmanager
def without_end_mark(path: Path, packing: Packing) -> Iterator[tuple[Path, Packing]]:
    """Provide text without the byte with which DOS ends a file, with its compression. Large compressed files keep it.

    Args:
        path: The file.
        packing: Its compression.
    """
    size = path.stat().st_size
    if packing == "none":
        with path.open("rb") as content:
            content.seek(max(0, size - 1))
            is_marked = content.read() == END_MARK
    elif size <= BLOCK:
        with opened(path, packing) as content:
            last = deque(_blocks(content), maxlen=1)  # a small file may hold much text
        is_marked = b"".join(last).endswith(END_MARK)
    else:
        is_marked = False
    if not is_marked:
        yield path, packing
        return
    with unpacked(path, packing) as plain, tempfile.NamedTemporaryFile(prefix="unmarked-") as copy:
        with plain.open("rb") as content:
            shutil.copyfileobj(content, copy, BLOCK)
        copy.truncate(copy.tell() - len(END_MARK))
        copy.flush()
        yield Path(copy.name), "none"


class QueryError(Exception):
    """DuckDB cannot read a file. The message has its words, which no user sees."""


def duckdb_path(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def duckdb_frames(database: "DuckDBPyConnection", query: str, path: Path) -> Iterator[pl.DataFrame]:
    """Stream the rows of a query.

    Args:
        database: The connection.
        query: The query, whose only parameter is the path.
        path: The file.

    Raises:
        QueryError: DuckDB cannot read the file. The rows before are already yielded.
    """
    import duckdb
    from arro3.core import RecordBatchReader

    try:
        for batch in RecordBatchReader.from_stream(database.sql(query, params=[duckdb_path(path)])):
            yield pl.Series(cast("Any", batch)).struct.unnest()
    except duckdb.Error as error:
        raise QueryError(str(error)) from None
    except Exception as error:
        if type(error) is not Exception:  # arro3 raises nothing more special in the middle of a file
            raise
        raise QueryError(str(error)) from None


def _open(path: Path, packing: Packing) -> IO[bytes]:
    if packing == "gzip":
        return cast("IO[bytes]", gzip.open(path))
    if packing == "zstd":
        return cast("IO[bytes]", zstd.open(path))
    if packing == "bzip2":
        return cast("IO[bytes]", bz2.open(path))
    return _only_member(path) if packing == "zip" else path.open("rb")


def _only_member(path: Path) -> IO[bytes]:
    archive = zipfile.ZipFile(path)
    members = [each for each in archive.infolist() if not each.is_dir() and not _is_extra(each.filename)]
    names = [each.filename for each in members]
    if any(name.startswith("xl/") or name == "mimetype" for name in names):
        raise UnreadableFileError("it is a spreadsheet", remedy="Save the sheet as CSV (UTF-8)")
    if any(name.startswith(("word/", "ppt/")) for name in names):
        raise UnreadableFileError("it is a document, not a table", remedy="Save its data as CSV, or remove the file")
    if min((each.header_offset for each in archive.infolist()), default=0):
        raise UnreadableFileError(JOINED, remedy=ONE_BY_ONE)
    if len(members) != 1:
        shown = f", e.g. {', '.join(map(printable, names[:3]))}" if names else ""
        raise UnreadableFileError(
            f"the zip has {len(members):,} files{shown}", remedy="Unpack it, or put one file into each zip"
        )
    try:
        return archive.open(members[0])
    except (RuntimeError, NotImplementedError):
        raise UnreadableFileError(
            "the zip has a password or a rare compression", remedy="Unpack it, or compress it with gzip or zstd"
        ) from None


def _is_extra(name: str) -> bool:
    return any(part in ARCHIVE_EXTRAS for part in PurePosixPath(name).parts)


def _blocks(content: IO[bytes]) -> Iterator[bytes]:
    while block := content.read(BLOCK):
        yield block


def _recoded(content: IO[bytes], encoding: str) -> Iterator[bytes]:
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    utf8 = codecs.getincrementaldecoder(UTF8)()
    may_be_utf8, is_ascii = _takes_any_bytes(encoding), True
    for block in itertools.chain(_blocks(content), (b"",)):
        is_ascii &= block.isascii()
        if may_be_utf8:
            try:
                utf8.decode(block, final=not block)
            except UnicodeDecodeError:
                may_be_utf8 = False
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            line += error.object[: error.start].decode(encoding, "ignore").count("\n")
            raise UnreadableFileError(
                f"line {line} is not {encoding}", remedy="Set `encoding` to the encoding of the file"
            ) from None
        line += text.count("\n")
        yield text.encode(UTF8)
    if may_be_utf8 and not is_ascii:
        raise UnreadableFileError(
            f"it is UTF-8, not {encoding}",
            remedy=f"Save all text files as UTF-8 without the setting, or all as {encoding}",
        )


def _takes_any_bytes(encoding: str) -> bool:
    """Return whether an encoding has a character for each byte, so that it also reads UTF-8, as other characters."""
    text = bytes(range(256)).decode(encoding, "replace")
    return len(text) == len(range(256)) and text.count("\ufffd") < len(range(128))  # UTF-8 has none from 128 on


def _explained(error: BaseException, packing: Packing) -> tuple[str, str]:
    """Return why a file cannot be read, and the cure."""
    if isinstance(error, OSError) and error.errno is not None:
        return str(error.strerror), "Give the job the right to read it"
    return f"its {packing} content {'was cut' if isinstance(error, EOFError) else 'is damaged'}", SAVE_AGAIN
