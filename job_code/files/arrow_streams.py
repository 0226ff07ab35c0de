"""Arrow streams: read batch by batch, and prove by a walk over the messages that none was lost."""

import os
import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from job_code.files.arrow_schema import MARKER, Flatbuffer, prove_known_schema, prove_no_delta, uuid_columns
from job_code.files.columnar_files import IS_DAMAGED, as_text, plain_path, readable
from job_code.files.packing import SAVE_AGAIN
from job_code.files.reader import Reader, Reading
from job_code.files.recognize import FileContent
from job_code.files.unreadable import UnreadableFileError

# The encapsulated message format of Arrow's columnar specification: a marker, the size of the metadata, the metadata
# as a flatbuffer, and the body. A size of 0 ends the stream.
END = MARKER + bytes(4)
HEADER_TYPE, BODY_LENGTH = 1, 3  # fields of the flatbuffer `Message`
DICTIONARY, RECORD_BATCH = 2, 3


class _Message(NamedTuple):
    """A message, not joined, because a body may be large.

    Attributes:
        header_type: What the message is.
        beginning: The marker and the size of the metadata.
        metadata: The metadata.
        body: The body.
    """

    header_type: int
    beginning: bytes
    metadata: bytes
    body: bytes

    @property
    def parts(self) -> tuple[bytes, bytes, bytes]:
        """All bytes of the message."""
        return self.beginning, self.metadata, self.body


@dataclass(frozen=True, kw_only=True)
class StreamReader(Reader):
    """An Arrow stream."""

    def batches(self, columns: Sequence[str], reading: Reading) -> Iterator[pl.DataFrame]:
        """Stream columns of the file. The arguments are those of the class `Reader`."""
        with plain_path(self.path, self.packing) as plain, plain.open("rb") as content:
            for frame in _frames(content):
                yield from frame.select(columns).iter_slices(reading.size)


def open_stream(path: Path, content: FileContent) -> StreamReader:
    """Read a stream once, to find its column types and its number of rows.

    Args:
        path: The file.
        content: What it is.

    Raises:
        UnreadableFileError: It was cut, or it is damaged.
    """
    with plain_path(path, content.packing) as plain, plain.open("rb") as stream:
        frames = _frames(stream)
        schema = dict(next(frames).schema)
        rows = sum(frame.height for frame in frames)
    return StreamReader(
        path=path,
        format_name=content.file_format,
        schema=schema,
        rows=rows,
        packing=content.packing,
    )


def _frames(stream: IO[bytes]) -> Iterator[pl.DataFrame]:
    """Yield a table without rows, which shows the types, and then the record batches of a stream.

    Each batch is read as a stream of its own, with all messages before it that are no batches.

    Raises:
        UnreadableFileError: A message is damaged, or the messages do not lead to the end of the file.
    """
    before: list[bytes] = []
    uuids: frozenset[str] = frozenset()
    for message in _messages(stream):
        if message.header_type == RECORD_BATCH:
            yield _parsed([*before, *message.parts], uuids)
        else:
            if not before:
                prove_known_schema(message.metadata)
                uuids = uuid_columns(message.metadata)
                yield _parsed(message.parts, uuids)
            if message.header_type == DICTIONARY:
                prove_no_delta(message.metadata)
            before += message.parts
    if not before:
        raise UnreadableFileError(IS_DAMAGED, remedy=SAVE_AGAIN)


def _parsed(parts: Sequence[bytes], uuids: Collection[str]) -> pl.DataFrame:
    with readable():
        frame = pl.read_ipc_stream(b"".join([*parts, END]))
        return frame.with_columns(as_text(frame.schema, uuids))


def _messages(stream: IO[bytes]) -> Iterator[_Message]:
    """Yield the messages up to the end mark, which must be the end of the file.

    Raises:
        UnreadableFileError: The messages do not lead to the end.
    """
    file_size = os.fstat(stream.fileno()).st_size
    while (beginning := stream.read(8)) != END:
        try:
            marker, size = struct.unpack("<4sI", beginning)
            metadata = stream.read(min(size, file_size))
            header_type, length = _described(metadata)
        except (struct.error, IndexError):
            break
        body = stream.read(length) if marker == MARKER and 0 <= length <= file_size else b""
        if len(body) != length:
            break
        yield _Message(header_type, beginning, metadata, body)
    else:
        if not stream.read(1):
            return
    raise UnreadableFileError("its end is missing or its content is damaged", remedy=SAVE_AGAIN)


def _described(metadata: bytes) -> tuple[int, int]:
    """Return the type of a message and the length of its body."""
    message = Flatbuffer.root(metadata)
    return message.number(HEADER_TYPE, "<B"), message.number(BODY_LENGTH, "<q")
