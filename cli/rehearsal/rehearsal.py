"""The steps of a rehearsal: the real deployment, state machine and job in the local cloud."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.checkout import CDK_PROGRAM, CHECKOUT
from cli.errors import CommandError
from cli.rehearsal.application import Application
from cli.rehearsal.display import Display
from job_code.files.find_files import find_files
from local_cloud import ExecutionEnded, LocalCloud, follow_execution, save_execution


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """One rehearsal in a local cloud.

    Attributes:
        cloud: The running local cloud.
        environment: Name of the environment to deploy.
        output: Folder for the results and logs.
        display: Prints the progress.
    """

    cloud: LocalCloud
    environment: str
    output: Path
    display: Display

    def deploy(self) -> Application:
        """Deploy the stacks with the CDK CLI."""
        self.display.heading(f"Deploy: cdk synth, cdk bootstrap, cdk deploy ({self.environment})")
        started = time.monotonic()
        assembly, outputs = str(self.output / "cdk.out"), self.output / "stack-outputs.json"
        with self.display.progress("cdk synth"):  # once for both following commands
            self._cdk("synth", "--quiet", "--context", f"environment={self.environment}", "--output", assembly)
        with self.display.progress("cdk bootstrap"):
            self._cdk("bootstrap", "--app", assembly)
        options = ("--all", "--require-approval", "never", "--outputs-file", str(outputs))
        with self.display.progress("cdk deploy"):
            self._cdk("deploy", "--app", assembly, *options)
        stacks: dict[str, dict[str, str]] = json.loads(outputs.read_text(encoding="utf-8"))
        for stack in stacks:
            self.display.say(f"deployed {stack}")
        self.display.say(f"{time.monotonic() - started:.0f} s")
        return Application(self.cloud, {name: value for stack in stacks.values() for name, value in stack.items()})

    def upload(self, source: Path, uri: str) -> None:
        """Upload a file or a folder of files below a prefix."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        files = find_files(source, source=prefix.rstrip("/")).inputs
        s3 = self.cloud.client("s3")
        for name, file in files.items():
            with file.open("rb") as content:  # a path may have bytes that boto3 cannot encode
                s3.upload_fileobj(content, bucket, prefix + name)
        self.display.say(f"uploaded {len(files)} file{'' if len(files) == 1 else 's'} to {uri}")

    def execute(self, application: Application, execution_input: dict[str, Any]) -> ExecutionEnded:
        """Run the state machine, print its events live, and save its history."""
        name = application.outputs["StateMachineArn"].rsplit(":", 1)[-1]
        self.display.heading(f"Run: state machine {name}, input {json.dumps(execution_input)}")
        execution = application.start(execution_input)
        try:
            with self.display.progress("starting"):
                for event in follow_execution(self.cloud.client, execution):
                    self.display.show(event)
                    if isinstance(event, ExecutionEnded):
                        return event
        finally:
            save_execution(self.cloud.client, execution, self.output / "execution")
        raise AssertionError("follow_execution ended without ExecutionEnded")

    def fetch(self, bucket: str, prefixes: Iterable[str]) -> None:
        """Download all objects below some prefixes of a bucket into the output folder, under the same paths."""
        s3 = self.cloud.client("s3")
        for prefix in prefixes:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for found in page.get("Contents", []):
                    target = self.output / found["Key"]
                    target.parent.mkdir(parents=True, exist_ok=True)
                    s3.download_file(bucket, found["Key"], str(target))

    def _cdk(self, *arguments: str) -> None:
        log = self.output / "cdk.log"
        done = self.cloud.cdk(
            *arguments,
            cwd=CHECKOUT,
            cdk_program=CDK_PROGRAM,
            capture=True,
            check=False,
        )
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ cdk {' '.join(arguments)}\n{done.stdout}{done.stderr}\n")
        if done.returncode:
            raise CommandError(f"cdk {arguments[0]} failed; see {log}:\n{done.stderr.strip()[-2000:]}")
