"""Classification of the job's errors by code, from the error to ExplainFailure's answer.

The tests render every message of the job, and messages with the words of other kinds of failure. Only the code may
decide the classification.
"""

import ast
import builtins
import importlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contract.error_codes import ErrorCode
from job_code.entrypoints.processing_paths import ProcessingPaths
from job_code.entrypoints.sagemaker_paths import SageMakerPaths
from job_code.errors import InputError, JobError, OneJobError
from job_code.runtime.disk_space import OutOfDiskError, explain_full_disk
from job_code.runtime.failures import Failure
from lambdas.explain_failure import failure_types
from lambdas.explain_failure.code_types import BY_CODE
from lambdas.explain_failure.handler import explain as typed_explain
from tests.unit.job_code.runtime.test_failures import OF_OTHERS

# The tests pass only the keys that the function reads, not a whole state.
explain: Any = typed_explain

JOB_CODE = Path(__file__).parents[3] / "job_code"
HOSTILE = (
    "",
    "a column of no meaning",
    "No space left on device",
    "No space left on device (os error 28)",
    "the disk is full; the run needs about 3 GB of disk space, 2 GB is free",
    "use an instance type with more memory, because memory ran out",
    "MemoryError",
    "std::bad_alloc",
    "An error occurred (AccessDenied) when calling the PutObject operation: Access Denied",
    "An error occurred (SlowDown) when calling the PutObject operation",
    "EndpointConnectionError: Could not connect to the endpoint URL",
    "CapacityError: InternalServerError: ResourceLimitExceeded: Throttling",
    "2 of 9 objects could not be forecast",
    "input error: job error: stopped by SIGTERM",
    "[OutOfMemory] [InputError] exit code: 137",
)
LONG = "word " * 1000


@dataclass(frozen=True)
class RaiseSite:
    """A line of the job that raises one of the job's errors."""

    where: str
    error: type[OneJobError]
    message: ast.expr
    names: dict[str, Any]

    def render(self, words: str) -> str:
        """Return the message with the same words in place of every interpolated value."""
        return _render(self.message, self.names, words)


def _render(node: ast.AST, names: dict[str, Any], words: str) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name) and isinstance(names.get(node.id), str):
        return str(names[node.id])
    if isinstance(node, ast.JoinedStr | ast.List | ast.Tuple):
        children = node.values if isinstance(node, ast.JoinedStr) else node.elts
        return "".join(_render(child, names, words) for child in children)
    return words


def raised_classes() -> Iterator[tuple[str, type[BaseException], ast.Call, dict[str, Any]]]:
    """Yield every `raise Something(...)` of the job, with the class that the name refers to."""
    for file in sorted(JOB_CODE.rglob("*.py")):
        if file.name == "__main__.py":
            continue
        module = ".".join(file.relative_to(JOB_CODE.parent).with_suffix("").parts).removesuffix(".__init__")
        names = vars(builtins) | vars(importlib.import_module(module))
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Raise) and node.exc is not None:
                where = f"{file.relative_to(JOB_CODE)}:{node.lineno}"
                assert isinstance(node.exc, ast.Call), f"{where}: create the instance in the raise statement"
                assert isinstance(node.exc.func, ast.Name), where
                yield where, names[node.exc.func.id], node.exc, names


SITES = [
    RaiseSite(where, error, call.args[0], names)
    for where, error, call, names in raised_classes()
    if issubclass(error, OneJobError)
]


def descendants(kind: type[OneJobError]) -> Iterator[type[OneJobError]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def make(error: type[OneJobError], message: str) -> OneJobError:
    return error([message]) if issubclass(error, InputError) else error(message)


def explained(failure: Failure, folder: Path, *, fleet: bool) -> Any:
    """Return ExplainFailure's answer for a container that failed, from the files that it writes."""
    status: dict[str, Any] = {"FailureReason": f"AlgorithmError: , exit code: {failure.exit_code}"}
    if fleet:
        ProcessingPaths(root=folder, job_name="job-1", host="algo-1", hosts=("algo-1",)).write_message(
            failure.code, failure.message
        )
        text = (folder / "output" / "message").read_text()
        job = {"ProcessingJobName": "job-1", "ProcessingJobStatus": "Failed", "ExitMessage": text, **status}
    else:
        SageMakerPaths(folder).write_failure(failure.code, failure.message)
        text = (folder / "output" / "failure").read_text()
        status["FailureReason"] = f"AlgorithmError: {text}, exit code: {failure.exit_code}"
        job = {"TrainingJobName": "job-1", "TrainingJobStatus": "Failed", **status}
    return explain({"error": {"Error": "States.TaskFailed", "Cause": json.dumps(job)}}, deployment="onejob-dev")


def explained_both_ways(failure: Failure, folder: Path) -> set[tuple[str, bool, str]]:
    """Return kind, whether a rerun helps, and the advice, for the training job and for the fleet."""
    answers = [explained(failure, folder, fleet=fleet) for fleet in (False, True)]
    return {(answer["kind"], answer["rerun_helps"], answer["message"].partition("Rerun: ")[2]) for answer in answers}


def expected(code: ErrorCode) -> set[tuple[str, bool, str]]:
    kind = BY_CODE[code]
    # A full disk has different advice for a fleet.
    of_both = {kind, failure_types.FLEETS_DISK_FULL} if kind is failure_types.DISK_FULL else {kind}
    return {(each.name, each.rerun_helps, f"{each.rerun}. {each.advice}") for each in of_both}


def without_links(answers: set[tuple[str, bool, str]]) -> set[tuple[str, bool, str]]:
    return {(kind, helps, advice.partition("\n")[0]) for kind, helps, advice in answers}


def test_every_code_has_a_kind() -> None:
    assert set(BY_CODE) == set(ErrorCode)


def test_codes_with_different_advice_have_different_kinds() -> None:
    apart = (
        ErrorCode.INPUT_ERROR,
        ErrorCode.OUT_OF_DISK,
        ErrorCode.OUT_OF_MEMORY,
        ErrorCode.CHUNKS_FAILED,
        ErrorCode.JOB_ERROR,
        ErrorCode.UNREACHABLE,
        ErrorCode.ACCESS_DENIED,
        ErrorCode.THROTTLED,
        ErrorCode.PLATFORM_FAULT,
        ErrorCode.STOPPED,
    )
    assert len({BY_CODE[code].name for code in apart}) == len(apart)


def test_every_error_of_the_job_has_a_code() -> None:
    assert len(SITES) > 40
    for error in descendants(OneJobError):
        assert isinstance(error.code, ErrorCode), error
        assert error.exit_code == (2 if error.code is ErrorCode.INPUT_ERROR else 1), error
    raised = {site.error for site in SITES}
    others = {ErrorCode.STOPPED, *(code for _, code in OF_OTHERS)}
    assert {error.code for error in raised} | others == set(ErrorCode)


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.where)
def test_a_message_of_the_job_is_classified_by_its_code(site: RaiseSite, tmp_path: Path) -> None:
    for words in HOSTILE:
        for message in (site.render(words), words):
            failure = Failure.of(make(site.error, message))
            assert failure.code is site.error.code
            assert without_links(explained_both_ways(failure, tmp_path)) == expected(failure.code), message


@pytest.mark.parametrize(("error", "code"), OF_OTHERS, ids=lambda value: repr(value)[:50])
def test_an_error_of_a_library_is_classified_by_its_code(error: BaseException, code: ErrorCode, tmp_path: Path) -> None:
    failure = Failure.of(error)
    assert without_links(explained_both_ways(failure, tmp_path)) == expected(code)


@pytest.mark.parametrize("code", ErrorCode)
@pytest.mark.parametrize("words", [*HOSTILE, LONG])
def test_the_code_decides_for_every_message(code: ErrorCode, words: str, tmp_path: Path) -> None:
    exit_code = 2 if code is ErrorCode.INPUT_ERROR else 1
    failure = Failure(code=code, problems=(words,), exit_code=exit_code)
    assert without_links(explained_both_ways(failure, tmp_path)) == expected(code)


@pytest.mark.parametrize("words", HOSTILE)
@pytest.mark.parametrize("error", [InputError, JobError])
def test_a_message_of_the_job_is_not_a_full_disk(error: type[OneJobError], words: str) -> None:
    with pytest.raises(error) as raised, explain_full_disk():
        raise make(error, words)
    assert not isinstance(raised.value, OutOfDiskError)
