"""The instance types of each kind of SageMaker job, from the API description in the pinned botocore."""

import difflib
import functools
from collections.abc import Mapping
from typing import Literal

import botocore

from infra.settings.service_limits import shapes

Kind = Literal["Training", "Processing"]
OTHER: Mapping[Kind, Kind] = {"Training": "Processing", "Processing": "Training"}


@functools.cache
def types_of_jobs() -> Mapping[Kind, frozenset[str]]:
    """Return all instance types that the API accepts for each kind of job.

    The function reads a local file and does not call AWS. The first call takes about 0.1 s, with the import.
    """
    return {kind: frozenset(shapes()[f"{kind}InstanceType"]["enum"]) for kind in OTHER}


def check_type(instance_type: str, kind: Kind) -> str:
    """Return an instance type that a kind of job supports.

    The function also rejects types that are newer than the list, because they look like misspelled ones. The
    API would reject a misspelled type only during a run.

    Args:
        instance_type: SageMaker's name of the type.
        kind: Kind of the job.

    Raises:
        ValueError: If the list does not have the type; the message suggests similar ones.
    """
    known = types_of_jobs()
    if instance_type in known[kind]:
        return instance_type
    other = f", though {OTHER[kind].lower()} jobs support it" if instance_type in known[OTHER[kind]] else ""
    close = difflib.get_close_matches(instance_type, sorted(known[kind]), n=3)
    hint = f"; did you mean {' or '.join(close)}?" if close else "."
    raise ValueError(
        f"{instance_type!r} is not an instance type of {kind.lower()} jobs{other}{hint} For a type newer than botocore "
        f"{botocore.__version__}, raise boto3 in job_code/requirements.in and run: make lock"
    )
