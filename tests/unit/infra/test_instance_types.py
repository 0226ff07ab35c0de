"""Which instance types a kind of job may have, and what is said of those it may not."""

import re

import botocore
import pytest

from infra.settings.instance_types import Kind, check_type, types_of_jobs


@pytest.mark.parametrize("kind", ["Training", "Processing"])
def test_what_the_api_has_for_a_kind_of_job_is_taken(kind: Kind) -> None:
    known = types_of_jobs()[kind]
    assert len(known) > 100
    assert all(check_type(name, kind) == name for name in known)


def test_the_kinds_differ() -> None:
    assert check_type("ml.trn1.2xlarge", "Training") == "ml.trn1.2xlarge"
    with pytest.raises(ValueError, match="not an instance type of processing jobs, though training jobs support it"):
        check_type("ml.trn1.2xlarge", "Processing")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ml.m5.xlagre", "; did you mean ml.m5.xlarge or "),
        ("ml.m7l.large", "; did you mean ml.m7i.large or "),
        ("ml.qqqqqq.9", ". For a type newer"),
    ],
)
def test_the_message_suggests_similar_types(name: str, meant: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"'{name}' is not an instance type of training jobs{meant}")):
        check_type(name, "Training")


def test_a_newer_type_needs_another_botocore() -> None:
    message = f"newer than botocore {botocore.__version__}, raise boto3 in job_code/requirements.in and run: make lock"
    with pytest.raises(ValueError, match=re.escape(message)) as error:
        check_type("ml.m99.large", "Processing")
    assert "\n" not in str(error.value)
