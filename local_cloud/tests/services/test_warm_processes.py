"""A function's process stays warm. It never runs two invocations at the same time, and none after a failure."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.core.processes import ProcessRegistry
from local_cloud.services.warm_processes import Answer, WarmProcesses

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
def processes(tmp_path: Path) -> Iterator[WarmProcesses]:
    (tmp_path / "counting.py").write_text(CODE)
    registry = ProcessRegistry()
    yield WarmProcesses(registry, tmp_path / "logs")
    registry.end_all()


def run(processes: WarmProcesses, *, key: str = "a", seconds: float = 10.0, **event: Any) -> Answer:
    folder = processes.logs.parent
    request = {"handler": "counting.handler", "code": str(folder), "event": event, "context": {"seconds": seconds}}
    return processes.run(key, request, code=folder, environment=dict(os.environ), seconds=seconds)


def returned(answer: Answer) -> str:
    assert answer.outcome is not None
    return str(answer.outcome["payload"])


def test_a_process_is_kept_warm_and_each_invocation_has_its_own_log(processes: WarmProcesses) -> None:
    first, second = run(processes), run(processes)
    pid = returned(first).strip("[]").split(",")[0]
    assert returned(second) == f"[{pid}, 2]"
    assert (first.log, second.log) == ("call 1\n", "call 2\n")
    assert returned(run(processes, key="b")).endswith(", 1]")
    assert list(processes.logs.iterdir()) == []


@pytest.mark.parametrize("event", [{"exit": True}, {"sleep": 30}])
def test_a_process_without_an_answer_is_not_reused(processes: WarmProcesses, event: dict[str, Any]) -> None:
    run(processes)
    answer = run(processes, seconds=1.0, **event)
    assert (answer.outcome, answer.timed_out, answer.log) == (None, "sleep" in event, "call 2\n")
    assert answer.exit_code == (-9 if "sleep" in event else 3)
    assert returned(run(processes)).endswith(", 1]")


def test_concurrent_invocations_have_separate_processes(processes: WarmProcesses) -> None:
    answers: list[Answer] = []
    both = [threading.Thread(target=lambda: answers.append(run(processes, sleep=0.5))) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert all(returned(answer).endswith(", 1]") for answer in answers)
    assert len({returned(answer) for answer in answers}) == 2
