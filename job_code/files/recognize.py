"""Recognize what a file is by its content: its compression, its format, and the encoding of its text."""

import codecs
import csv
import io
import json
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from contract.data_files import FORMATS
from job_code.config_rules import composed
from job_code.files.packing import END_MARK, UTF8, Packing, opened, packing_of, packing_of_content
from job_code.files.unreadable import UnreadableFileError

Format = Literal["Parquet", "Arrow", "Arrow stream", "CSV", "JSON Lines"]
BEGINNING = 1_000_000  # bytes that hold the header and show the delimiter
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 20  # lines that show whether text is a table
DECLARED = re.compile(r'"?sep=([,;\t|])"?[ \t;,]*(?:\r\n|\n|\r)', re.IGNORECASE)
ONE_OBJECT_A_LINE = "Write one JSON object into each line, without an array around them"
CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")  # text has none of these bytes
TAR = slice(257, 262)
BINARY: dict[bytes, Format] = {b"PAR1": "Parquet", b"ARROW1": "Arrow", b"\xff\xff\xff\xff": "Arrow stream"}
AS_TABLE = "Save it as CSV or Parquet"
SEPARATE = "Separate them by a comma, a semicolon, a tab or |"
AS_USUAL = "Write it as Parquet, or as CSV whose first line has the names of the columns"
# Formats that are refused: their first bytes, their names, and the cure.
REFUSED = {
    b"PARE": ("encrypted Parquet", "Write it without encryption"),
    b"FEA1": ("Feather of version 1", "Write it as Parquet"),
    b"ORC": ("ORC", "Write it as Parquet"),
    b"Obj\x01": ("Avro", "Write it as Parquet"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an Excel workbook", "Save the sheet as CSV (UTF-8)"),
    b"SQLite format 3": ("an SQLite database", AS_TABLE),
    b"\x89HDF": ("HDF5", AS_TABLE),
    b"\xfd7zXZ\x00": ("compressed by xz", "Compress it with gzip or zstd"),
    b"\x04\x22\x4d\x18": ("compressed by LZ4", "Compress it with gzip or zstd"),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", "Unpack it"),
    b"Rar!": ("a RAR archive", "Unpack it"),
}
# Byte order marks, and Python's names of the encodings that they announce. The decoders skip the mark.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: UTF8,
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True, kw_only=True)
class FileContent:
    """What a file is.

    Attributes:
        file_format: Its format.
        packing: Its compression.
        encoding: Encoding of text.
        beginning: The first bytes of the content.
        has_more: Whether the content has more bytes.
    """

    file_format: Format
    packing: Packing
    encoding: str
    beginning: bytes
    has_more: bool

    @property
    def text(self) -> str:
        """The beginning as text. Its last character may be cut.

        Raises:
            UnreadableFileError: The beginning is not text in this encoding.
        """
        return _decoded(self.beginning, self.encoding).removesuffix(END_MARK.decode())


def recognize(path: Path, *, encoding: str, wanted: Collection[str], is_table: bool) -> FileContent | None:
    """Find out what a file is.

    Args:
        path: The file.
        encoding: Encoding of text without a byte order mark.
        wanted: Names of columns; text with one of them in its first line is a table.
        is_table: Whether the name already says that the file is a table.

    Returns:
        None if it is no table, and looks like none.

    Raises:
        UnreadableFileError: It is a table in a format that cannot be read.
    """
    packing = packing_of(path)
    with opened(path, packing) as content:
        beginning = content.read(BEGINNING)
        has_more = bool(content.read(1))
    encoding = next((name for mark, name in BYTE_ORDER_MARKS.items() if beginning.startswith(mark)), encoding)
    binary = _binary_format(beginning, packing)
    found = FileContent(
        file_format=binary or "CSV", packing=packing, encoding=encoding, beginning=beginning, has_more=has_more
    )
    if binary is not None:
        return found
    if not beginning.strip():
        return None
    try:
        text = found.text
    except UnreadableFileError:
        guess = beginning.decode("cp1252", "replace")
        if is_table or _looks_like_table(guess, wanted) or _unprintable_separator(guess, wanted):
            raise
        return None
    if text.lstrip().startswith("{"):
        return _json(found, text, wanted, is_table=is_table)
    if re.match(r"\s*\[\s*[\[{]", text):
        raise UnreadableFileError("it is a JSON array, not JSON Lines", remedy=ONE_OBJECT_A_LINE)
    if _looks_like_table(text, wanted):
        return found
    if separator := _unprintable_separator(text, wanted):
        has_header = not set(header_of(text, separator)).isdisjoint(wanted)
        remedy = SEPARATE if has_header else AS_USUAL
        raise UnreadableFileError(f"its values are separated by {separator!r}", remedy=remedy)
    return found if is_table else None


def split_declaration(text: str) -> tuple[str, str]:
    """Return the delimiter that a first line like `sep=;` declares, empty without one, and the text below it."""
    found = DECLARED.match(text)
    return (found[1], text[found.end() :]) if found else ("", text)


def header_of(text: str, delimiter: str) -> tuple[str, ...]:
    """Return the column names of CSV text, without blanks around them."""
    try:
        first = next((row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row), [])
    except csv.Error:
        return ()
    return tuple(composed(name.strip()) for name in first)


def lines_of(text: str) -> list[str]:
    """Return the lines of a file, as Python opens it. A value may hold other characters that break a line of text."""
    return io.StringIO(text, newline=None).read().split("\n")


def _binary_format(beginning: bytes, packing: Packing) -> Format | None:
    """Return the format of binary content. Text may begin like it: with a column named ORC.

    Raises:
        UnreadableFileError: It is a format that cannot be read.
    """
    if CONTROL.search(beginning) is None and beginning not in BINARY:
        return None
    for magic, (name, remedy) in REFUSED.items():
        if beginning.startswith(magic):
            raise UnreadableFileError(f"it is {name}", remedy=remedy)
    if packing != "none" and packing_of_content(beginning) != "none":
        raise UnreadableFileError("it is compressed twice", remedy="Compress it once")
    if beginning[TAR] == b"ustar":
        raise UnreadableFileError("it is a tar archive", remedy="Unpack it")
    return next((name for magic, name in BINARY.items() if beginning.startswith(magic)), None)


def _decoded(beginning: bytes, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == UTF8 else encoding)()
    try:
        text = decoder.decode(beginning)
    except UnicodeDecodeError as error:
        line = beginning[: error.start].count(b"\n") + 1
        raise UnreadableFileError(
            f"line {line} is not {encoding.upper()}", remedy="Save the file as UTF-8, or set `encoding`"
        ) from None
    if "\0" in text:
        raise UnreadableFileError(
            "it is neither text nor a known format", remedy=f"Provide {FORMATS}; for UTF-16 text, set `encoding`"
        )
    return text


def _looks_like_table(text: str, wanted: Collection[str]) -> bool:
    """Return whether text has a wanted column, or as many delimiters in every line."""
    _, text = split_declaration(text)
    lines = [line for line in lines_of(text)[:SAMPLE_LINES] if line.strip()]
    if any(not line.isprintable() for line in (each.replace("\t", " ") for each in lines)):
        return False
    for delimiter in DELIMITERS:
        if set(header_of(text, delimiter)) & set(wanted):
            return True
        try:
            widths = {len(row) for row in csv.reader(lines[:-1], delimiter=delimiter)}
        except csv.Error:
            continue
        if len(lines) > 2 and len(widths) == 1 and widths.pop() > 1:
            return True
    return False


def _unprintable_separator(text: str, wanted: Collection[str]) -> str:
    """Return an unprintable character that every line has as often, as Hive writes between values. Empty if none."""
    if any(set(header_of(text, delimiter)) & set(wanted) for delimiter in DELIMITERS):
        return ""
    lines = [line for line in lines_of(text)[:SAMPLE_LINES] if line]
    odd = {letter for letter in lines[0] if not letter.isprintable()} - {"\t"} if len(lines) > 1 else set()
    return next((letter for letter in sorted(odd) if len({line.count(letter) for line in lines}) == 1), "")


def _json(found: FileContent, text: str, wanted: Collection[str], *, is_table: bool) -> FileContent | None:
    """Return what a file is whose text begins with an object. One object that has no wanted column is no table."""
    lines = [line for line in lines_of(text) if line.strip()]
    complete = lines if not found.has_more else lines[:-1]
    objects = [row for row in map(_parsed, complete[:2]) if isinstance(row, dict)]
    if objects and (is_table or len(complete) > 1 or set(objects[0]) & set(wanted)):
        return replace(found, file_format="JSON Lines")
    if is_table:
        raise UnreadableFileError("it is a JSON document, not JSON Lines", remedy=ONE_OBJECT_A_LINE)
    return None


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None
