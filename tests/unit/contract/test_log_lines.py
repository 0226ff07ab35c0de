import io

import pytest

from contract.log_lines import fields
from job_code.runtime.progress import Progress


def test_fields_reads_the_lines_of_a_job() -> None:
    stream = io.StringIO()
    progress = Progress(stream, context={"run_id": "run-1"})
    with progress.stage("fit"):
        progress.log('said "ä"', code="Internal")
    said, ended = map(fields, stream.getvalue().splitlines())
    assert (said["message"], said["code"], said["run_id"]) == ('said "ä"', "Internal", "run-1")
    assert (ended["stage"], ended["seconds"]) == ("fit", progress.seconds["fit"])


@pytest.mark.parametrize("line", ["", "12:00:00 fit: 0.7 s", "3", "[1]", '"stage"', "{", "null"])
def test_other_lines_have_no_fields(line: str) -> None:
    assert fields(line) == {}
