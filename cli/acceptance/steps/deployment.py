"""Steps about the deployment: preflight, first deployment, change, empty diff, and removal."""

from datetime import datetime

from cli.acceptance.environment_file import FILE, PARTITIONS, write_environment
from cli.acceptance.steps.leftovers import leftovers
from cli.acceptance.steps.messages import stop_listening
from cli.acceptance.steps.runs import expect_published
from cli.acceptance.steps.step import expect
from cli.acceptance.trial import Trial
from cli.aws.deployed import stack_status
from contract.names import budget_stack, data_stack, forecast_stack

APPROVED = ("--require-approval", "never")


def preflight(trial: Trial) -> str:
    """Run the checks before a deployment."""
    return trial.onejob("preflight").splitlines()[-1]


def deploy(trial: Trial) -> str:
    """Deploy for the first time."""
    trial.onejob("deploy", cdk=APPROVED)
    return ", ".join(f"{stack} {status}" for stack, status in _complete_stacks(trial))


def add_partitions(trial: Trial) -> str:
    """Add two partitions to the deployed environment."""
    before = trial.published_run()
    write_environment(trial.record.environment, account=trial.place.account, partitions=True)
    trial.onejob("deploy", cdk=APPROVED)
    stacks = ", ".join(f"{stack} {status}" for stack, status in _complete_stacks(trial))
    expect("PartitionsStateMachineArn" in trial.outputs, f"no state machine for partitions: {stacks}")
    expect_published(trial, before)
    return f"{stacks}; run {before} is still published; partitions {', '.join(PARTITIONS)}"


def deploy_again(trial: Trial) -> str:
    """Deploy the same settings again."""
    trial.onejob("diff", cdk=("--fail",))
    before = _updated(trial)
    trial.onejob("deploy", cdk=APPROVED)
    after = _updated(trial)
    changed = [stack for stack, moment in after.items() if moment != before[stack]]
    expect(not changed, f"the second deployment changed {', '.join(changed)}")
    return f"the diff is empty, and the deployment changed none of {len(after)} stacks"


def destroy(trial: Trial) -> str:
    """Remove everything that the acceptance has created."""
    stop_listening(trial)
    with trial.display.progress("waiting for CloudFormation"):
        trial.wait_until(lambda: not _changing(trial))  # it deletes no stack that it is updating
    trial.onejob("destroy", "--yes")
    left = list(leftovers(trial.place.client, trial.settings.name))
    expect(not left, f"left behind: {', '.join(left)}")
    FILE.unlink(missing_ok=True)
    return f"nothing named {trial.settings.name} is left, except KMS keys that AWS deletes after seven days"


def _stacks(trial: Trial) -> list[str]:
    name, budget = trial.settings.name, trial.settings.alerts.monthly_budget_usd
    return [data_stack(name), forecast_stack(name), *([budget_stack(name)] if budget is not None else [])]


def _changing(trial: Trial) -> list[str]:
    """Return the stacks that CloudFormation is creating, updating or rolling back."""
    cloudformation = trial.place.client("cloudformation")
    return [name for name in _stacks(trial) if (stack_status(cloudformation, name) or "").endswith("_IN_PROGRESS")]


def _complete_stacks(trial: Trial) -> list[tuple[str, str]]:
    cloudformation = trial.place.client("cloudformation")
    found = [(stack, stack_status(cloudformation, stack) or "missing") for stack in _stacks(trial)]
    wrong = [f"{stack} {status}" for stack, status in found if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE")]
    expect(not wrong, ", ".join(wrong))
    return found


def _updated(trial: Trial) -> dict[str, datetime]:
    """Return the time of each stack's last change."""
    cloudformation = trial.place.client("cloudformation")
    found = {}
    for name in _stacks(trial):
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        found[name] = stack.get("LastUpdatedTime", stack["CreationTime"])
    return found
