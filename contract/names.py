"""Names that one side gives and another looks up: of environments, and of what AWS has of a deployment."""

from typing import Literal

# The environment of whoever works on the application: the one that may take its account from the credentials at hand.
PERSONAL_ENVIRONMENT = "dev"

# By what Step Functions calls, in an execution's input, the execution that started it; its console links by it.
PARENT = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID"
# The registry's index that finds the runs of an execution.
BY_EXECUTION = "by-execution"

# As the names of SageMaker's calls have it.
JobKind = Literal["Training", "Processing"]
JOB_KINDS: tuple[JobKind, ...] = ("Training", "Processing")


def job_log_group(kind: JobKind) -> str:
    """Builds the name of the log group that all jobs of a kind share, in an account and region."""
    return f"/aws/sagemaker/{kind}Jobs"


def data_stack(deployment: str) -> str:
    """Builds the name of the stack with what must survive."""
    return f"{deployment}-data"


def forecast_stack(deployment: str) -> str:
    """Builds the name of the stack with all else."""
    return f"{deployment}-forecast"


def run_machine(deployment: str) -> str:
    """Builds the name of the state machine of one run."""
    return f"{deployment}-forecast"


def partitions_machine(deployment: str) -> str:
    """Builds the name of the state machine of all partitions."""
    return f"{deployment}-partitions"


def registry_table(deployment: str) -> str:
    """Builds the name of the run registry's table."""
    return f"{deployment}-runs"


def function_name(deployment: str, function: str) -> str:
    """Builds the name of a function, e.g. `onejob-dev-preflight`."""
    return f"{deployment}-{function}"
