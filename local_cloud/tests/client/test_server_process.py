"""No process remains, regardless of how the opener ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.templates import STACK, base_template

_REPOSITORY = Path(__file__).resolve().parent.parent.parent.parent
_OPENER = """
import json, sys, time
from pathlib import Path
from local_cloud import LocalCloud
from local_cloud.tests.jobs_under_test import Jobs

with LocalCloud() as cloud:
    outputs = cloud.deploy(Path(sys.argv[1]))["example"]
    jobs = Jobs(cloud, image=outputs["ImageUri"], role=outputs["RoleArn"], bucket=outputs["BucketName"])
    request = jobs.training_request(HyperParameters={"behavior": "stubborn-child"})
    cloud.client("sagemaker").create_training_job(**request)
    logged = []
    while "pids" not in logged:
        time.sleep(0.05)
        logged = [word for log in cloud.job_logs(request["TrainingJobName"]) for word in log.read_text().split()]
    job = [int(word) for word in logged[logged.index("pids") + 1 :]]
    print(json.dumps([str(cloud.state_folder), [cloud._server.pid, *job]]), flush=True)
    time.sleep(300)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_or_state_remains(tmp_path: Path, number: signal.Signals) -> None:
    assembly = write_assembly(tmp_path, base_template(), stack=STACK)
    opener = subprocess.Popen(
        [sys.executable, "-c", _OPENER, str(assembly)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_REPOSITORY,
        start_new_session=True,
    )
    assert opener.stdout is not None
    state, processes = json.loads(opener.stdout.readline())
    assert len(processes) == 4
    assert all(_is_alive(process) for process in processes)
    opener.send_signal(number)
    opener.wait(timeout=120)
    opener.stdout.close()
    deadline = time.monotonic() + 10
    while (left := [process for process in processes if _is_alive(process)]) or Path(state).exists():
        assert time.monotonic() < deadline, (left, state)
        time.sleep(0.1)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    # In a container without an init process, an ended orphan stays in the process list as a zombie.
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")
