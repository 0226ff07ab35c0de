"""The real CDK CLI deploys into the local cloud."""

import copy
import subprocess
from pathlib import Path

import pytest

from local_cloud import LocalCloud
from local_cloud.containers.images import ImageStore
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.templates import STACK, base_template

_PROGRAM = Path(__file__).resolve().parent.parent.parent.parent / "node_modules" / ".bin" / "cdk"


@pytest.mark.skipif(not _PROGRAM.exists(), reason="the CDK CLI is not installed; run npm ci")
def test_bootstrap_deploy_diff_update_and_destroy(tmp_path: Path) -> None:
    template = base_template()
    assembly = write_assembly(tmp_path / "cdk.out", template, stack=STACK)
    with LocalCloud(iam=False) as cloud:

        def cdk(*arguments: str) -> subprocess.CompletedProcess[str]:
            options = ["--app", str(assembly)] if arguments[0] != "bootstrap" else []
            return cloud.cdk(*arguments, *options, cwd=tmp_path, cdk_program=_PROGRAM, capture=True)

        cdk("bootstrap", f"aws://{cloud.account}/{cloud.region}")
        cdk("deploy", "--all", "--require-approval", "never")
        (stack,) = cloud.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        image = ImageStore(cloud.state_folder / "images").get(outputs["ImageUri"])
        assert (image.root / "opt/program/work.py").exists()
        invoked = cloud.client("lambda").invoke(FunctionName=outputs["FunctionArn"], Payload=b"{}")
        assert invoked.get("FunctionError", "") == ""
        assert "(no changes)" in _text(cdk("deploy", "--all", "--require-approval", "never"))
        assert "There were no differences" in _text(cdk("diff"))
        changed = copy.deepcopy(template)
        changed["Resources"]["Schedule"]["Properties"]["ScheduleExpression"] = "cron(0 7 ? * TUE *)"
        write_assembly(assembly, changed, stack=STACK)
        assert "cron(0 7 ? * TUE *)" in _text(cdk("diff"))
        cdk("deploy", "--all", "--require-approval", "never")
        schedule = cloud.client("scheduler").get_schedule(GroupName="example-group", Name="weekly")
        assert schedule["ScheduleExpression"] == "cron(0 7 ? * TUE *)"
        cdk("destroy", "--all", "--force")
        names = {entry["StackName"] for entry in cloud.client("cloudformation").describe_stacks()["Stacks"]}
        assert STACK not in names


def _text(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr
