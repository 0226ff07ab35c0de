"""`make destroy`, up to `cdk destroy`: what an environment holds is shown, asked about, and deleted."""

import argparse
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.aws.deployed import Clients, Deployed
from cli.aws.teardown import (
    TeardownError,
    delete_job_logs,
    delete_schedules,
    delete_stack,
    empty,
    stop_executions,
    wait_for_jobs,
)
from infra.settings.environment import Settings
from infra.settings.loader import ENVIRONMENTS, SettingsError, load_settings


def main() -> int:
    """Takes one environment down, as far as its stacks cannot.

    Returns:
        0 if the stacks can be deleted now, 1 if not.
    """
    options = _parser().parse_args()
    try:
        settings = load_settings(options.environment, ENVIRONMENTS)
        if settings.keeps_data:
            raise TeardownError(
                f"environments/{settings.environment}.toml: removal_policy is retain: nothing is deleted "
                "(docs/operating.md: Taking an environment down)"
            )
        clients = boto3.Session(region_name=settings.deployment.region).client
        account = _account(clients, settings)
        deployed = Deployed.find(clients, settings.name)
        _show(deployed, f"account {account}, {settings.deployment.region}")
        if not deployed.stacks:
            return 0
        if not options.yes and not _agreed(settings.environment):
            raise TeardownError("nothing was deleted")
        _take_down(clients, deployed, settings.name)
    except (SettingsError, TeardownError) as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS: {error}", file=sys.stderr)
        return 1
    return 0


def _account(clients: Clients, settings: Settings) -> str:
    account, wanted = str(clients("sts").get_caller_identity()["Account"]), settings.deployment.account
    if wanted not in (None, account):
        raise TeardownError(f"{settings.name} is in account {wanted}, the credentials are of {account}")
    return account


def _show(deployed: Deployed, place: str) -> None:
    if not deployed.stacks:
        print(f"There is nothing of it in {place}.")
        return
    print(f"To be deleted for good, in {place}:")
    for stack in deployed.stacks:
        print(f"  the stack {stack}, with all that is in it")
    for bucket in deployed.buckets:
        print(f"  the bucket {bucket}, with every version of every object")


def _agreed(environment: str) -> bool:
    if not sys.stdin.isatty():
        raise TeardownError("nothing was deleted: there is no terminal to ask on; say --yes")
    return input(f"Type {environment} to go on: ") == environment


def _take_down(clients: Clients, deployed: Deployed, name: str) -> None:
    delete_schedules(clients, deployed.schedules)
    for state_machine in deployed.state_machines:
        print(f"executions stopped: {stop_executions(clients, state_machine)}")
    # A job needs its role until its end, and the network it is in.
    wait_for_jobs(clients, name)
    for stack in deployed.stacks:
        if stack.endswith("-forecast"):
            delete_stack(clients, stack)
            print(f"deleted {stack}")
    print(f"logs of jobs deleted: {delete_job_logs(clients, name)}")
    for bucket in deployed.buckets:
        print(f"emptied {bucket}: {empty(clients, bucket)} versions")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli.commands.destroy", description=__doc__)
    parser.add_argument("--environment", default="dev", help="name of a file in environments/ (dev)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


if __name__ == "__main__":
    sys.exit(main())
