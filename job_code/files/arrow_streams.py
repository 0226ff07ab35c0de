"""Arrow streams: read batch by batch, and prove by a walk over the messages that none was lost."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from job_code.files.columnar_files import plain_path, times_with_offset
from job_code.files.packing import SAVE_AGAIN
from job_code.files.reader import Reader, Reading
from job_code.files.recognize import FileContent
from job_code.files.unreadable import UnreadableFileError

# The encapsulated message format of Arrow's columnar specification: a marker, the size of the metadata, the metadata
# as a flatbuffer, and the body. A size of 0 ends the stream.
MARKER = b"\xff\xff\xff\xff"
HEADER_TYPE, BODY_LENGTH = 1, 3  # fields of the flatbuffer `Message`
RECORD_BATCH = 3


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
        expected = _count_batches(stream)
        stream.seek(0)
        frames = _frames(stream)
        schema = dict(next(frames).schema)
        heights = [frame.height for frame in frames]
    if len(heights) != expected:
        raise UnreadableFileError("its content is damaged", remedy=SAVE_AGAIN)
    return StreamReader(
        path=path,
        format_name=content.file_format,
        schema=schema,
        rows=sum(heights),
        packing=content.packing,
    )


def _frames(content: IO[bytes]) -> Iterator[pl.DataFrame]:
    """Yield a batch without rows, which shows the types, and then the batches of a stream."""
    from arro3.core import Table
    from arro3.io import read_ipc_stream

    try:
        stream = read_ipc_stream(content)
        empty = pl.DataFrame(cast("Any", Table.from_batches([], schema=stream.schema)))
        times = times_with_offset(empty.schema)
        yield empty.with_columns(times)
        for batch in stream:
            yield pl.DataFrame(cast("Any", batch)).with_columns(times)
    except (UnreadableFileError, MemoryError):
        raise
    except Exception:  # arro3 raises nothing more special
        raise UnreadableFileError("its content is damaged", remedy=SAVE_AGAIN) from None


def _count_batches(stream: IO[bytes]) -> int:
    """Return the number of record batches up to the end mark, which must be the end of the file.

    Raises:
        UnreadableFileError: The messages do not lead to the end.
    """
    found = 0
    try:
        while True:
            (marker, size) = struct.unpack("<4sI", stream.read(8))
            if marker != MARKER:
                break
            if size == 0:
                if stream.read(1):
                    break
                return found
            header_type, body = _described(stream.read(size))
            if body < 0:
                break
            found += header_type == RECORD_BATCH
            stream.seek(body, 1)
    except (struct.error, IndexError):
        pass
    raise UnreadableFileError("its end is missing or its content is damaged", remedy=SAVE_AGAIN)


def _described(metadata: bytes) -> tuple[int, int]:
    """Return the type of a message and the length of its body."""
    (table,) = struct.unpack_from("<I", metadata, 0)
    fields = table - struct.unpack_from("<i", metadata, table)[0]
    (size,) = struct.unpack_from("<H", metadata, fields)

    def offset(field: int) -> int:
        at = 4 + 2 * field
        return struct.unpack_from("<H", metadata, fields + at)[0] if at < size else 0

    header_type = metadata[table + offset(HEADER_TYPE)] if offset(HEADER_TYPE) else 0
    body = struct.unpack_from("<q", metadata, table + offset(BODY_LENGTH))[0] if offset(BODY_LENGTH) else 0
    return header_type, body
