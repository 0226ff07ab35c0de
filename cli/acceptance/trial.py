"""The deployed application as the steps use it: commands, executions, objects in S3, and facts of earlier steps."""

import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cli.acceptance.place import Place
from cli.acceptance.record import Record
from cli.checkout import CHECKOUT
from cli.rehearsal.display import Display
from contract.names import data_stack, forecast_stack
from contract.s3.keys import RunKeys, pointer_key
from contract.s3.manifest import Manifest
from contract.s3.pointer import Pointer
from infra.settings.environment import Settings
from lambdas.shared.s3_objects import read_object
from local_cloud import ExecutionEnded, follow_execution

Machine = Literal["StateMachineArn", "PartitionsStateMachineArn"]
MAX_WAIT_SECONDS = 1800.0
CDK_COMMANDS = ("bootstrap", "diff", "deploy")
END_OF_OUTPUT = 1500  # characters


class CommandFailedError(Exception):
    """A command exited with another code than 0. The message has the command and the end of its output."""


@dataclass(kw_only=True)
class Trial:
    """The application that the acceptance has deployed.

    Attributes:
        place: Where it is deployed.
        settings: Its settings.
        record: The record of the acceptance.
        display: Prints the progress.
        folder: Folder for demand, report and log.
        step: Name of the current step.
    """

    place: Place
    settings: Settings
    record: Record
    display: Display
    folder: Path
    step: str = ""
    _outputs: dict[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        """The log of all commands."""
        return self.folder / "commands.log"

    @property
    def outputs(self) -> Mapping[str, str]:
        """Outputs of the stacks, by name. They are read again after every command."""
        if not self._outputs:
            cloudformation = self.place.client("cloudformation")
            for stack in (data_stack(self.settings.name), forecast_stack(self.settings.name)):
                (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
                self._outputs |= {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        return self._outputs

    def onejob(self, command: str, *options: str, cdk: tuple[str, ...] = ()) -> str:
        """Run a command of `onejob` for the environment, as a user would, and return its output.

        Args:
            command: Name of the command.
            options: Its options.
            cdk: Options for the CDK CLI.

        Raises:
            CommandFailedError: It exited with another code than 0.
        """
        arguments = [command, "--environment", self.settings.environment, *options]
        if command in CDK_COMMANDS:
            # With a folder of its own for the templates, the CDK CLI does not disturb another command.
            templates = ("--output", str(self.folder / "cdk.out"))
            arguments += ["--", *templates, *self.place.cdk_options.get(command, ()), *cdk]
        shown = f"onejob {' '.join(arguments)}"
        self._outputs.clear()
        with self.log.open("a", encoding="utf-8") as log, self.display.progress(shown):
            log.write(f"$ {shown}\n")
            done = subprocess.run(  # nosec B603 # our program
                [sys.executable, "-m", "cli.main", *arguments],
                cwd=CHECKOUT,
                env=dict(self.place.variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            log.write(f"{done.stdout}\n")
        if done.returncode:
            end = done.stdout.strip()[-END_OF_OUTPUT:]
            raise CommandFailedError(f"{shown}: exit code {done.returncode}:\n{end}")
        return done.stdout.strip()

    def start(
        self, execution_input: Mapping[str, Any], *, machine: Machine = "StateMachineArn", expects: str | None
    ) -> str:
        """Start an execution for the current step, or find the one that the step started before an interruption.

        Args:
            execution_input: Its input.
            machine: Name of the stack's output with the state machine's ARN.
            expects: Status with which the execution must end, or the error of an execution that must fail. None to
                find only an execution that still runs.

        Returns:
            ARN of the execution.
        """
        workflows, arn = self.place.client("stepfunctions"), self.outputs[machine]
        for number in itertools.count():
            name = f"acceptance-{self.record.acceptance_id}-{self.step}-{number}"
            execution = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
            try:
                found = workflows.describe_execution(executionArn=execution)
            except workflows.exceptions.ExecutionDoesNotExist:
                workflows.start_execution(stateMachineArn=arn, name=name, input=json.dumps(execution_input))
                return execution
            end = found.get("error") if found["status"] == "FAILED" else found["status"]
            if end in ("RUNNING", expects):
                return execution
        raise AssertionError("itertools.count has no end")

    def follow(self, execution: str) -> ExecutionEnded:
        """Print the events of an execution until it ends."""
        with self.display.progress("starting"):
            for event in follow_execution(self.place.client, execution, poll_seconds=self.place.poll_seconds):
                self.display.show(event)
                if isinstance(event, ExecutionEnded):
                    return event
        raise AssertionError("follow_execution ended without ExecutionEnded")

    def execute(
        self, execution_input: Mapping[str, Any], *, machine: Machine = "StateMachineArn", expects: str = "SUCCEEDED"
    ) -> tuple[str, ExecutionEnded]:
        """Start an execution and wait for its end.

        Returns:
            ARN and end of the execution.
        """
        execution = self.start(execution_input, machine=machine, expects=expects)
        return execution, self.follow(execution)

    def wait_until(self, condition: Callable[[], bool], *, seconds: float = MAX_WAIT_SECONDS) -> bool:
        """Wait until a condition is true.

        Returns:
            False if it is not true after the time.
        """
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            time.sleep(self.place.poll_seconds)
        return True

    def jobs_of(self, execution: str) -> list[str]:
        """Return the names of the training jobs that an execution requested."""
        pages = self.place.client("stepfunctions").get_paginator("get_execution_history")
        events = (event for page in pages.paginate(executionArn=execution) for event in page["events"])
        requests = (event.get("taskScheduledEventDetails", {}).get("parameters", "{}") for event in events)
        names = (json.loads(request).get("TrainingJobName") for request in requests)
        return [name for name in names if name]

    def pointer(self, partition: str = "all") -> Pointer | None:
        """Return a partition's pointer; None if nothing is published."""
        found = self._object(pointer_key(partition))
        return None if found is None else json.loads(found)

    def published_run(self) -> str | None:
        """Return the name of the published run; None if nothing is published."""
        pointer = self.pointer()
        return None if pointer is None else pointer["run_id"]

    def manifest(self, run_id: str, partition: str = "all") -> Manifest | None:
        """Return the manifest of a run; None if the run is not complete."""
        found = self._object(RunKeys(partition=partition, run_id=run_id).manifest)
        return None if found is None else json.loads(found)

    def _object(self, key: str) -> bytes | None:
        found = read_object(self.place.client("s3"), bucket=self.outputs["ForecastBucket"], key=key)
        return None if found is None else found[0]
