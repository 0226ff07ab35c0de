"""SageMaker's job calls: replaces moto's with calls that run real jobs."""

import json
import threading
from collections.abc import Callable
from typing import Any

from botocore.model import ListShape, StructureShape
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError, InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.sagemaker.exceptions import ResourceInUseException, ResourceNotFound, SagemakerClientError, ValidationError
from moto.sagemaker.responses import SageMakerResponse

from local_cloud.containers.images import ImageError
from local_cloud.core.job_faults import Faults
from local_cloud.core.processes import ProcessRegistry
from local_cloud.core.request_validation import find_errors, request_shape, response_shape
from local_cloud.core.server_settings import ServerSettings
from local_cloud.core.service_quotas import quota
from local_cloud.sagemaker.job import Job, JobPlace
from local_cloud.sagemaker.processing_job import ProcessingJob
from local_cloud.sagemaker.training_job import TrainingJob


class JobCalls:
    """Create, Describe, Stop and List for training or for processing jobs, in every region."""

    def __init__(
        self, make: type[TrainingJob | ProcessingJob], *, settings: ServerSettings, processes: ProcessRegistry
    ) -> None:
        self._make, self._kind = make, make.kind
        self._settings, self._processes = settings, processes
        self._lock = threading.Lock()
        self._jobs: dict[tuple[str, str], Job] = {}

    def create(self, response: SageMakerResponse) -> ActionResult:
        """Check the request as the service does, then start the job."""
        request = json.loads(response.body)
        errors = list(find_errors(request, request_shape("sagemaker", f"Create{self._kind}Job")))
        if errors:
            number = f"{len(errors)} validation error{'s' if len(errors) > 1 else ''} detected"
            raise ValidationError(f"{number}: {'; '.join(errors)}")
        if unsupported := self._make.find_unsupported(request):
            raise ValidationError(f"The local cloud does not support {unsupported}.")
        name, region = request[f"{self._kind}JobName"], response.region
        if missing := _missing_network(request, account=self._settings.account, region=region):
            raise ValidationError(missing)
        place = JobPlace(self._settings, self._processes, region)
        arn = place.arn(self._kind, name)
        with self._lock:
            if (region, name) in self._jobs:
                raise ResourceInUseException(
                    f"{self._kind} job names must be unique within an AWS account and region, and a "
                    f"{self._kind.lower()} job with this name already exists ({arn})."
                )
            try:
                job = self._make(request, place=place)
            except ImageError as error:
                raise ValidationError(f"Requested image not found: {error}.") from error
            self._check_offered(job)
            self._check_quota(job)
            self._jobs[region, name] = job
        job.start()
        return ActionResult({f"{self._kind}JobArn": arn})

    def describe(self, response: SageMakerResponse) -> ActionResult:
        """Return a job's description."""
        return ActionResult(self._find(response).describe())

    def stop(self, response: SageMakerResponse) -> EmptyResult:
        """Ask a job to stop. The call fails if the job has ended."""
        job = self._find(response)
        if not job.request_stop() and job.status != "Stopping":
            raise ValidationError(
                f"The request was rejected because the {self._kind.lower()} job is in status {job.status}."
            )
        return EmptyResult()

    def list(self, response: SageMakerResponse) -> ActionResult:
        """Return the region's jobs, newest first, filtered by NameContains, StatusEquals and MaxResults."""
        filters = json.loads(response.body or "{}")
        found = [
            job.describe()
            for (region, name), job in reversed(self._jobs.items())
            if region == response.region
            and filters.get("NameContains", "") in name
            and filters.get("StatusEquals", job.status) == job.status
        ]
        listed = response_shape("sagemaker", f"List{self._kind}Jobs").members[f"{self._kind}JobSummaries"]
        assert isinstance(listed, ListShape)
        assert isinstance(listed.member, StructureShape)
        summaries = [{key: job[key] for key in listed.member.members if key in job} for job in found]
        return ActionResult({f"{self._kind}JobSummaries": summaries[: filters.get("MaxResults", 100)]})

    def _find(self, response: SageMakerResponse) -> Job:
        name = json.loads(response.body)[f"{self._kind}JobName"]
        job = self._jobs.get((response.region, name))
        if job is None and self._kind == "Training":
            raise ValidationError("Requested resource not found.")
        if job is None:
            raise ResourceNotFound(f"Could not find requested job with name: {name}")
        return job

    def _check_offered(self, job: Job) -> None:
        instance_type = job.cluster["InstanceType"]
        if Faults(self._settings.layout.faults).matches(instance_type=instance_type, reason="unsupported"):
            raise ValidationError(
                f"The instance type {instance_type} is not supported in the region {job.place.region}."
            )

    def _check_quota(self, job: Job) -> None:
        layout, instance_type, delta = self._settings.layout, job.cluster["InstanceType"], job.cluster["InstanceCount"]
        usage = f"{instance_type} for {'spot ' if job.on_spot else ''}{self._kind.lower()} job usage"
        refused = Faults(layout.faults).take(instance_type=instance_type, reasons=("quota",))
        limit = 0 if refused else quota(layout.quotas, usage)
        used = sum(
            other.cluster["InstanceCount"]
            for other in self._jobs.values()
            if other.in_progress
            and other.place.region == job.place.region
            and (other.cluster["InstanceType"], other.on_spot) == (instance_type, job.on_spot)
        )
        if used + delta > limit:
            raise SagemakerClientError(
                "ResourceLimitExceeded",
                f"The account-level service limit '{usage}' is {limit:g} Instances, with current utilization of {used} "
                f"Instances and a request delta of {delta} Instances. Please use AWS Service Quotas to request an "
                "increase for this quota.",
            )


def install(settings: ServerSettings, processes: ProcessRegistry) -> None:
    """Replace the job calls in moto's SageMaker."""
    for make in (TrainingJob, ProcessingJob):
        calls, kind = JobCalls(make, settings=settings, processes=processes), make.kind.lower()
        for verb, call in (("create", calls.create), ("describe", calls.describe), ("stop", calls.stop)):
            _put(f"{verb}_{kind}_job", call)
        _put(f"list_{kind}_jobs", calls.list)


def _put(name: str, call: Callable[[SageMakerResponse], ActionResult | EmptyResult]) -> None:
    def method(self: SageMakerResponse) -> ActionResult | EmptyResult:
        return call(self)

    setattr(SageMakerResponse, name, method)


def _missing_network(request: dict[str, Any], *, account: str, region: str) -> str | None:
    """Return EC2's error about the first missing subnet or security group of a request; None if all exist."""
    network = request.get("VpcConfig") or request.get("NetworkConfig", {}).get("VpcConfig", {})
    backend = ec2_backends[account][region]
    try:
        for subnet in network.get("Subnets", []):
            backend.get_subnet(subnet)
    except InvalidSubnetIdError as error:
        return str(error.message)
    for group in network.get("SecurityGroupIds", []):
        if backend.get_security_group_from_id(group) is None:
            return str(InvalidSecurityGroupNotFoundError(group).message)
    return None
