"""The instance types that SageMaker has for each kind of job, by the pinned botocore's description of its API."""

import difflib
import functools
from collections.abc import Mapping
from typing import Literal

import botocore
from botocore.loaders import Loader

Kind = Literal["Training", "Processing"]
OTHER: Mapping[Kind, Kind] = {"Training": "Processing", "Processing": "Training"}


@functools.cache
def types_of_jobs() -> Mapping[Kind, frozenset[str]]:
    """All types that each kind of job may have, as the API takes them.

    A local file is read, and nothing asked of AWS. With the import it takes about 0.1 s, once.
    """
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    return {kind: frozenset(shapes[f"{kind}InstanceType"]["enum"]) for kind in OTHER}


def check_type(instance_type: str, kind: Kind) -> str:
    """Returns an instance type that a kind of job may have.

    What is not in the list is refused, even if it may only be too new for it: a new family looks like one that is
    misspelt, which the API would refuse only once there is a run.

    Args:
        instance_type: SageMaker's name of it.
        kind: Of the job.

    Raises:
        ValueError: If it may not, with those that may have been meant.
    """
    known = types_of_jobs()
    if instance_type in known[kind]:
        return instance_type
    why = f", though {OTHER[kind].lower()} jobs may have it" if instance_type in known[OTHER[kind]] else ""
    close = difflib.get_close_matches(instance_type, sorted(known[kind]), n=3)
    meant = f"; did you mean {' or '.join(close)}?" if close else "."
    raise ValueError(
        f"{instance_type!r} is no type that {kind.lower()} jobs may have{why}{meant} One that is newer than botocore "
        f"{botocore.__version__} needs that, and boto3, raised in constraints.txt and job_code/requirements.txt"
    )
