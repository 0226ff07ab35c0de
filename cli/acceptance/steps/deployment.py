"""Steps about the deployment: preflight, first deployment, change, empty diff, and removal."""

from datetime import datetime

from cli.acceptance.environment_file import FILE, FLEET_INSTANCES, PARTITIONS, write_environment
from cli.acceptance.steps.leftovers import leftovers
from cli.acceptance.steps.messages import stop_listening
from cli.acceptance.steps.runs import expect_published
from cli.acceptance.steps.step import expect
from cli.acceptance.trial import Trial
from cli.aws.deployed import stack_status
from contract.names import budget_stack, data_stack, forecast_stack
from contract.quotas import processing_quota
from lambdas.shared.quotas import quota_values

APPROVED = ("--require-approval", "never")
QUOTA_SECONDS = 60.0
LEFTOVER_SECONDS, LOCAL_LEFTOVER_SECONDS = 300.0, 1.0


def preflight(trial: Trial) -> str:
    """Run the checks before a deployment, and check the quota of the step `fleet`."""
    last_line = trial.onejob("preflight").splitlines()[-1]
    fleet = trial.settings.fleet
    assert fleet is not None  # every acceptance has one
    names = [processing_quota(instance_type) for instance_type in fleet.instance_types]
    values = quota_values(trial.place.client("service-quotas"), names, most_seconds=QUOTA_SECONDS)
    enough = len(values) < len(names) or max(values.values()) >= FLEET_INSTANCES
    expect(enough, f"the step fleet needs {FLEET_INSTANCES} instances, but the quota is: {values}")
    return last_line


def deploy(trial: Trial) -> str:
    """Deploy for the first time."""
    trial.onejob("deploy", cdk=APPROVED)
    return ", ".join(f"{stack} {status}" for stack, status in _complete_stacks(trial))


def add_partitions(trial: Trial) -> str:
    """Add two partitions to the deployed environment."""
    before = trial.published_run()
    budget = trial.settings.alerts.monthly_budget_usd is not None
    write_environment(trial.record.environment, account=trial.place.account, partitions=True, budget=budget)
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
    left = list[str]()

    def nothing_left() -> bool:
        left[:] = leftovers(trial.place.client, trial.settings.name)
        return not left

    # SQS still lists a deleted queue for a minute, and S3 a deleted bucket.
    with trial.display.progress("looking for leftovers"):
        trial.wait_until(nothing_left, seconds=LEFTOVER_SECONDS if trial.place.is_aws else LOCAL_LEFTOVER_SECONDS)
    expect(not left, f"left behind: {', '.join(left)}")
    FILE.unlink(missing_ok=True)
    return f"nothing named {trial.settings.name} is left, except KMS keys that AWS deletes after seven days"


def _stacks(trial: Trial) -> list[str]:
    name, budget = trial.settings.name, trial.settings.alerts.monthly_budget_usd
    return [data_stack(name), forecast_stack(name), *([budget_stack(name)] if budget is not None else [])]


def _changing(trial: Trial) -> list[str]:
    """Return the stacks that CloudFormation is creating, updating or rolling back.

    A stack whose change set was never executed stays in REVIEW_IN_PROGRESS.
    """
    cloudformation = trial.place.client("cloudformation")
    statuses = {name: stack_status(cloudformation, name) or "" for name in _stacks(trial)}
    return [
        name for name, status in statuses.items() if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
    ]


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
