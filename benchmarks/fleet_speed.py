"""Measure the speedup of more instances and more cores: `python -m benchmarks.fleet_speed`.

The real state machine trains in a local cloud with one-core instances and leaves a handover. The real processing job
forecasts it on one and on two of these instances, and on one two-core instance in a second local cloud.
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
from benchmarks.generator.generate import GeneratorOptions, generate
from cli.rehearsal.application import Application, synthesize
from contract import job_start
from contract.s3.handover_keys import HandoverKeys
from contract.s3.keys import HANDOVER, MODELS
from infra.settings.loader import ENVIRONMENTS, load_settings
from job_code.runtime.progress import Progress
from local_cloud import LocalCloud, wait_for_execution

ENVIRONMENT = "prod"
TARGETS = {"two one-core instances": 1.85, "one two-core instance": 1.8}  # least speedup
REPEATS = 2
MAX_SECONDS = 3_600
LAST = date(2026, 11, 16)
COPIED = (HANDOVER, MODELS)


class FleetApplication(Application):
    """The application, with the handover of one run and its processing jobs."""

    def create_handover(self, demand: Path) -> dict[str, Any]:
        """Run the state machine once and return the request of its processing job."""
        bucket, prefix = self.demand
        s3 = self.cloud.client("s3")
        for file in sorted(demand.rglob("*.parquet")):
            s3.upload_file(str(file), bucket, f"{prefix}{file.name}")
        ended = wait_for_execution(self.cloud.client, self.start({"fleet": 1}), seconds=MAX_SECONDS)
        if ended["status"] != "SUCCEEDED":
            raise RuntimeError(f"the execution ended with status {ended['status']}: {ended.get('cause')}")
        sagemaker = self.cloud.client("sagemaker")
        (job,) = sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
        description: dict[str, Any] = {**sagemaker.describe_processing_job(ProcessingJobName=job["ProcessingJobName"])}
        # Omit network, key and role, which differ between the clouds.
        del description["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"]
        wanted = ("ProcessingInputs", "ProcessingResources", "StoppingCondition", "AppSpecification", "Environment")
        return {name: description[name] for name in wanted}

    def _role(self) -> str:
        roles = self.cloud.client("iam").list_roles(MaxItems=1000)["Roles"]
        (role,) = (each["Arn"] for each in roles if "FleetAccessRole" in each["RoleName"])
        return str(role)

    def forecast(self, request: Mapping[str, Any], name: str, *, instances: int) -> float:
        """Forecast the whole handover and return the seconds of stage predict on the slowest instance."""
        s3 = self.cloud.client("s3")
        for key in self.keys(handover_keys(request).completed):
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
            raise RuntimeError(
                f"the processing job ended with status {job['ProcessingJobStatus']}: {job.get('ExitMessage')}"
            )
        lines = [json.loads(line) for log in self.cloud.job_logs(name) for line in log.read_text().splitlines()]
        return max(float(line["seconds"]) for line in lines if line.get("stage") == "predict" and "seconds" in line)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys below a prefix of the forecasts' bucket."""
        pages = self.cloud.client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for page in found for item in page.get("Contents", ())]


def handover_keys(request: Mapping[str, Any]) -> HandoverKeys:
    """Return the S3 keys of the handover that a processing job forecasts."""
    variables = request["Environment"]
    return HandoverKeys(partition=variables[job_start.PARTITION], run_id=variables[job_start.RUN_ID])


@contextmanager
def deployed(folder: Path, *, cores: int) -> Iterator[FleetApplication]:
    """Deploy the application into a local cloud whose instances have this number of cores."""
    assembly = folder / "assembly"
    synthesize(assembly, ENVIRONMENT)
    account = load_settings(ENVIRONMENT, ENVIRONMENTS).deployment.account
    assert account is not None
    with LocalCloud(folder / "cloud", account=account, cores_per_instance=cores) as cloud:
        yield FleetApplication.deployed(cloud, assembly)


def copy(source: FleetApplication, target: FleetApplication) -> None:
    """Copy the handover and its model to another cloud."""
    for key in (key for prefix in COPIED for key in source.keys(prefix)):
        content = source.cloud.client("s3").get_object(Bucket=source.bucket, Key=key)["Body"].read()
        target.cloud.client("s3").put_object(Bucket=target.bucket, Key=key, Body=content)


def main() -> int:
    """Run the command line and return 0 if the targets are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet_speed", description=__doc__)
    parser.add_argument("--series", type=int, default=500_000, help="number of series; default: %(default)s")
    parser.add_argument("--weeks", type=int, default=156, help="weeks of history; default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fleet-") as temporary:
        folder = Path(temporary)
        assortment = Assortment(series=options.series, weeks=options.weeks, last=LAST, seed=0)
        layout = GeneratorOptions(layout="series", price=False, static=False, files=4)
        generate(assortment, layout, folder / "demand", progress=Progress())
        seconds: dict[str, list[float]] = {"one": [], "instances": [], "cores": []}
        with deployed(folder / "1", cores=1) as single, deployed(folder / "2", cores=2) as double:
            request = single.create_handover(folder / "demand" / "demand")
            chunks = len(single.keys(handover_keys(request).chunks))
            print(f"{options.series:,} series in {chunks} chunks", flush=True)
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
    met = True
    print(f"one one-core instance: {one:.1f} s, {options.series / one:,.0f} series per second")
    for (name, target), what in zip(TARGETS.items(), ("instances", "cores"), strict=True):
        speedup = one / min(seconds[what])
        met &= speedup >= target
        print(f"{name}: {min(seconds[what]):.1f} s, speedup {speedup:.2f} (target: {target})")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
