"""Open any file that may be a table: recognize its content, and return the reader of its format."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from contract.data_files import is_named_as_table
from job_code.config import ForecastConfig
from job_code.files.arrow_streams import open_stream
from job_code.files.columnar_files import open_columnar
from job_code.files.csv_files import open_csv
from job_code.files.delta_tables import open_delta
from job_code.files.find_files import FoundFile
from job_code.files.json_lines import open_json
from job_code.files.reader import Reader
from job_code.files.recognize import recognize
from job_code.files.unreadable import UnreadableFileError


def open_file(
    found: FoundFile, wanted: Callable[[list[str]], Sequence[str]], config: ForecastConfig, *, is_given: bool
) -> Reader | None:
    """Open a file, or the folder of a Delta table.

    Args:
        found: The file.
        wanted: Returns the columns to read, for the column names of a file.
        config: Encoding of text.
        is_given: Whether the user named this very file, which therefore is a table.

    Returns:
        None if the file is no table, and looks like none.

    Raises:
        UnreadableFileError: The file is a table that cannot be read.
    """
    if found.is_delta:
        with _of_format("Delta table"):
            return open_delta(found.path)
    content = recognize(
        found.path,
        encoding=config.encoding,
        wanted=wanted([]),
        is_table=is_given or is_named_as_table(found.name),
    )
    if content is None:
        return None
    with _of_format(content.file_format):
        if content.file_format == "JSON Lines":
            return open_json(found.path, content)
        if content.file_format == "Arrow stream":
            return open_stream(found.path, content)
        if content.file_format != "CSV":
            return open_columnar(found.path, content)
        return open_csv(
            found.path,
            content,
            lambda header: len(set(wanted(list(header))) - {*header, *found.folder_values}),
        )


@contextmanager
def _of_format(file_format: str) -> Iterator[None]:
    """Name the format in the error of a file that cannot be read."""
    try:
        yield
    except UnreadableFileError as error:
        raise UnreadableFileError(error.reason, remedy=error.remedy, file_format=file_format) from None
