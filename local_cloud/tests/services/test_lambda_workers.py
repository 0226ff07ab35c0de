"""A function's process is kept for its next invocation, and not used for two at once, nor after it failed to answer."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.core.processes import ProcessRegistry
from local_cloud.services.lambda_workers import Answer, Workers

CODE = """
import os, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    print("call", calls)
    if event.get("exit"):
        os._exit(3)
    time.sleep(event.get("sleep", 0))
    return [os.getpid(), calls]
"""


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    (tmp_path / "counting.py").write_text(CODE)
    registry = ProcessRegistry()
    yield Workers(registry, tmp_path / "logs")
    registry.end_all()


def run(workers: Workers, *, key: str = "a", seconds: float = 10.0, **event: Any) -> Answer:
    folder = workers.logs.parent
    request = {"handler": "counting.handler", "code": str(folder), "event": event, "context": {"seconds": seconds}}
    return workers.run(key, request, code=folder, environment=dict(os.environ), seconds=seconds)


def returned(answer: Answer) -> str:
    assert answer.outcome is not None
    return str(answer.outcome["payload"])


def test_a_process_is_kept_warm_and_each_invocation_has_its_own_log(workers: Workers) -> None:
    first, second = run(workers), run(workers)
    pid = returned(first).strip("[]").split(",")[0]
    assert returned(second) == f"[{pid}, 2]"
    assert (first.log, second.log) == ("call 1\n", "call 2\n")
    assert returned(run(workers, key="b")).endswith(", 1]")
    assert list(workers.logs.iterdir()) == []


@pytest.mark.parametrize("event", [{"exit": True}, {"sleep": 30}])
def test_a_process_that_does_not_answer_is_used_no_more(workers: Workers, event: dict[str, Any]) -> None:
    run(workers)
    answer = run(workers, seconds=1.0, **event)
    assert (answer.outcome, answer.timed_out, answer.log) == (None, "sleep" in event, "call 2\n")
    assert answer.exit_code == (-9 if "sleep" in event else 3)
    assert returned(run(workers)).endswith(", 1]")


def test_two_invocations_at_once_have_a_process_each(workers: Workers) -> None:
    answers: list[Answer] = []
    both = [threading.Thread(target=lambda: answers.append(run(workers, sleep=0.5))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert all(returned(answer).endswith(", 1]") for answer in answers)
    assert len({returned(answer) for answer in answers}) == 2
