"""How much faster more machines, or more cores, forecast: `python -m benchmarks.fleet_speed`.

The real state machine hands a run over in a local cloud whose instances have a core each; the real processing job then
forecasts it on one and on two of them, and, in a cloud whose instances have two cores, on one of these.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.generator.assortment import Assortment
from benchmarks.generator.generate import Order, generate
from cli.rehearsal.application import Application, synthesise
from contract import job_start
from contract.s3.handover_keys import HandoverKeys
from contract.s3.keys import HANDOVER, MODELS
from infra.settings.loader import ENVIRONMENTS, load_settings
from job_code.runtime.progress import Progress
from local_cloud import LocalCloud, wait_for_execution

ENVIRONMENT = "prod"
BARS = {"two instances of a core": 1.85, "two cores of an instance": 1.8}
REPEATS = 2
MAX_SECONDS = 3_600
LAST = date(2026, 11, 16)
COPIED = (HANDOVER, MODELS)


class HandedOver(Application):
    """The application, and what one of its runs hands over to the fleet."""

    def hand_over(self, demand: Path) -> dict[str, Any]:
        """Runs the state machine once; returns the request of its fleet's job."""
        bucket, prefix = self.demand
        s3 = self.cloud.client("s3")
        for file in sorted(demand.rglob("*.parquet")):
            s3.upload_file(str(file), bucket, f"{prefix}{file.name}")
        ended = wait_for_execution(self.cloud.client, self.start({"fleet": 1}), seconds=MAX_SECONDS)
        if ended["status"] != "SUCCEEDED":
            raise RuntimeError(f"the run ended as {ended['status']}: {ended.get('cause')}")
        sagemaker = self.cloud.client("sagemaker")
        (job,) = sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
        described: dict[str, Any] = {**sagemaker.describe_processing_job(ProcessingJobName=job["ProcessingJobName"])}
        # Without what is another in each cloud: network, key and role.
        del described["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"]
        wanted = ("ProcessingInputs", "ProcessingResources", "StoppingCondition", "AppSpecification", "Environment")
        return {name: described[name] for name in wanted}

    def _role(self) -> str:
        roles = self.cloud.client("iam").list_roles(MaxItems=1000)["Roles"]
        (role,) = (each["Arn"] for each in roles if "FleetAccessRole" in each["RoleName"])
        return str(role)

    def forecast(self, request: Mapping[str, Any], name: str, *, instances: int) -> float:
        """Forecasts what was handed over, all of it; returns the seconds of the slowest machine's forecasting."""
        s3 = self.cloud.client("s3")
        for key in self.keys(handed_over(request).completed):
            s3.delete_object(Bucket=self.bucket, Key=key)
        cluster = {**request["ProcessingResources"]["ClusterConfig"], "InstanceCount": instances}
        sagemaker = self.cloud.client("sagemaker")
        sagemaker.create_processing_job(
            **{**request, "ProcessingResources": {"ClusterConfig": cluster}},
            ProcessingJobName=name,
            RoleArn=self._role(),
        )
        while (job := sagemaker.describe_processing_job(ProcessingJobName=name))["ProcessingJobStatus"] == "InProgress":
            time.sleep(0.5)
        if job["ProcessingJobStatus"] != "Completed":
            raise RuntimeError(f"the fleet ended as {job['ProcessingJobStatus']}: {job.get('ExitMessage')}")
        lines = [json.loads(line) for log in self.cloud.job_logs(name) for line in log.read_text().splitlines()]
        return max(float(line["seconds"]) for line in lines if line.get("stage") == "predict" and "seconds" in line)

    def keys(self, prefix: str) -> list[str]:
        """Names of what lies below a prefix of the forecasts' bucket."""
        pages = self.cloud.client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in found for item in page.get("Contents", ())]


def handed_over(request: Mapping[str, Any]) -> HandoverKeys:
    """The keys of what a fleet's job was to forecast."""
    told = request["Environment"]
    return HandoverKeys(partition=told[job_start.PARTITION], run_id=told[job_start.RUN_ID])


@contextmanager
def deployed(folder: Path, *, cores: int) -> Iterator[HandedOver]:
    """The application in a cloud whose instances have so many cores."""
    assembly = folder / "assembly"
    synthesise(assembly, ENVIRONMENT)
    account = load_settings(ENVIRONMENT, ENVIRONMENTS).deployment.account
    assert account is not None
    with LocalCloud(folder / "cloud", account=account, cores_per_instance=cores) as cloud:
        yield HandedOver.deployed(cloud, assembly)


def copy(source: HandedOver, target: HandedOver) -> None:
    """Copies what was handed over to another cloud."""
    for key in (key for prefix in COPIED for key in source.keys(prefix)):
        content = source.cloud.client("s3").get_object(Bucket=source.bucket, Key=key)["Body"].read()
        target.cloud.client("s3").put_object(Bucket=target.bucket, Key=key, Body=content)


def main() -> int:
    """The command line; returns 0 where the bars are reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet_speed", description=__doc__)
    parser.add_argument("--series", type=int, default=500_000, help="%(default)s")
    parser.add_argument("--weeks", type=int, default=156, help="of history (%(default)s)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleet-") as temporary:
        folder = Path(temporary)
        assortment = Assortment(series=given.series, weeks=given.weeks, last=LAST, seed=0)
        order = Order(layout="series", price=False, static=False, files=4)
        generate(assortment, order, folder / "demand", progress=Progress())
        seconds: dict[str, list[float]] = {"one": [], "instances": [], "cores": []}
        with deployed(folder / "1", cores=1) as single, deployed(folder / "2", cores=2) as double:
            request = single.hand_over(folder / "demand" / "demand")
            chunks = len(single.keys(handed_over(request).chunks))
            print(f"{given.series:,} series in {chunks} chunks", flush=True)
            copy(single, double)
            elsewhere = json.loads(json.dumps(request).replace(single.bucket, double.bucket))
            for repeat in range(REPEATS):
                for what, place, asked, instances in (
                    ("one", single, request, 1),
                    ("instances", single, request, 2),
                    ("cores", double, elsewhere, 1),
                ):
                    name = f"onejob-{ENVIRONMENT}-{what}-{repeat}"
                    seconds[what].append(place.forecast(asked, name, instances=instances))
                    print(f"{what}: {seconds[what][-1]:.1f} s", flush=True)
    one = min(seconds["one"])
    reached = True
    print(f"one instance with one core: {one:.1f} s, {given.series / one:,.0f} series a second")
    for (words, bar), what in zip(BARS.items(), ("instances", "cores"), strict=True):
        faster = one / min(seconds[what])
        reached &= faster >= bar
        print(f"{words}: {min(seconds[what]):.1f} s, {faster:.2f} times as fast (bar: {bar})")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
