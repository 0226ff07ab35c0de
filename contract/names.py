"""Names that one part of the application sets and another looks up: environments and AWS resources."""

from typing import Literal

# The developer's environment. It is the only one that may take its account from the current credentials.
PERSONAL_ENVIRONMENT = "dev"

# Key in an execution's input with the ARN of the execution that started it. The Step Functions console links by it.
PARENT = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
# Index of the registry by execution.
BY_EXECUTION = "by-execution"

# Kinds of job in the names of SageMaker's calls.
JobKind = Literal["Training", "Processing"]
JOB_KINDS: tuple[JobKind, ...] = ("Training", "Processing")


def job_log_group(kind: JobKind) -> str:
    """Return the name of the log group that all jobs of a kind share, in an account and region."""
    return f"/aws/sagemaker/{kind}Jobs"


def data_stack(deployment: str) -> str:
    """Return the name of the stack with data that must survive a redeployment."""
    return f"{deployment}-data"


def forecast_stack(deployment: str) -> str:
    """Return the name of the stack with jobs, functions and state machines."""
    return f"{deployment}-forecast"


def budget_stack(deployment: str) -> str:
    """Return the name of the stack with the monthly budget."""
    return f"{deployment}-budget"


def outcomes_topic(deployment: str) -> str:
    """Return the name of the topic of outcomes and alarms."""
    return f"{deployment}-outcomes"


def run_machine(deployment: str) -> str:
    """Return the name of the state machine of one run."""
    return f"{deployment}-forecast"


def partitions_machine(deployment: str) -> str:
    """Return the name of the state machine of all partitions."""
    return f"{deployment}-partitions"


def registry_table(deployment: str) -> str:
    """Return the name of the run registry's table."""
    return f"{deployment}-runs"


def function_name(deployment: str, function: str) -> str:
    """Return the name of a function, e.g. `onejob-dev-preflight`."""
    return f"{deployment}-{function}"
