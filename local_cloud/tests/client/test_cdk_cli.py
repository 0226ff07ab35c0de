"""The real CDK CLI deploys into the local cloud."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud import LocalCloud
from local_cloud.containers.images import ImageStore
from local_cloud.tests.assembly_writer import write_assembly
from local_cloud.tests.templates import STACK, base_template

_PROGRAM = Path(__file__).resolve().parent.parent.parent.parent / "node_modules" / ".bin" / "cdk"


pytestmark = pytest.mark.skipif(not _PROGRAM.exists(), reason="the CDK CLI is not installed; run npm ci")


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


def test_a_lock_of_another_cloud_in_the_same_folder_does_not_matter(tmp_path: Path) -> None:
    assembly = write_assembly(tmp_path / "assembly", base_template(), stack=STACK)
    program = "import os, shutil, sys; shutil.copytree(sys.argv[1], os.environ['CDK_OUTDIR'], dirs_exist_ok=True)"
    (tmp_path / "app.py").write_text(program)
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py {assembly}"}))
    lock = tmp_path / "cdk.out" / "synth.lock"
    lock.parent.mkdir()
    lock.write_text(str(os.getpid()))
    with LocalCloud() as cloud:
        listed = cloud.cdk("list", cwd=tmp_path, cdk_program=_PROGRAM, capture=True)
        assert listed.stdout.split() == [STACK]
        with pytest.raises(subprocess.CalledProcessError) as refused:
            cloud.cdk("list", "--output", "cdk.out", cwd=tmp_path, cdk_program=_PROGRAM, capture=True)
    (output,) = refused.value.__notes__
    assert f"Another CLI (PID={os.getpid()}) is currently synthing" in output


def _text(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr
