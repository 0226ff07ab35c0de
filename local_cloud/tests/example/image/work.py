"""Reports the contents of its container, then ends as its settings request."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

base = Path(os.environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
hyperparameters_file = base / "input/config/hyperparameters.json"
settings = json.loads(hyperparameters_file.read_text()) if hyperparameters_file.exists() else dict(os.environ)
training = hyperparameters_file.exists()
config = base / ("input/config" if training else "config")
host = json.loads((config / "resourceconfig.json").read_text())["current_host"]
data = base / ("input/data" if training else "processing/input")
results = base / ("output/data" if training else "processing/output")

print(f"working on {host}")
seen = {
    "arguments": sys.argv[1:],
    "folder": str(Path.cwd()),
    "siblings": sorted(path.name for path in Path().iterdir() if path.name != "__pycache__"),
    "environment": dict(os.environ),
    "cores": sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
    "files": {str(path.relative_to(data)): path.read_text() for path in sorted(data.rglob("*")) if path.is_file()},
    "base": str(base),
}
(results / f"seen-{host}.json").write_text(json.dumps(seen))
if training:
    (base / "model" / f"model-{host}.txt").write_text("a model")

if settings.get("behavior") == "count":
    for number in range(200):
        print(number, flush=True)
        time.sleep(0.05)
if settings.get("behavior") == "upload":
    import boto3

    try:
        boto3.client("s3").put_object(Bucket=settings["bucket"], Key=f"uploaded/{host}", Body=b"a result")
    except Exception as error:
        (base / "output/failure").write_text(str(error))
        sys.exit(1)
if settings.get("behavior") == "fail":
    (base / "output/failure").write_text("input error: " + "x" * 2000)
    sys.exit(2)
if settings.get("behavior") == "message":
    (base / "output/message").write_text("all went well")
if settings.get("behavior") == "wait" or settings.get("behavior") == f"wait-on-{host}":
    signal.signal(signal.SIGTERM, lambda *_: (print("asked to stop"), sys.exit(0)))
    subprocess.Popen(["/bin/sleep", "300"])
    print("waiting")
    time.sleep(300)
if settings.get("behavior") == "stubborn-child":
    ignoring = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
    child = subprocess.Popen([sys.executable, "-c", ignoring])
    print("pids", os.getppid(), os.getpid(), child.pid)
    time.sleep(300)
if settings.get("behavior") == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("waiting")
    time.sleep(300)
if settings.get("behavior") == f"fail-on-{host}":
    sys.exit(3)
print("done", end="")
