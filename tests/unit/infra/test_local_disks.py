"""The volume key depends on the family's disks."""

import pytest

from infra.jobs.local_disks import EBS_ONLY, LOCAL_DISKS, has_local_disks
from infra.settings.instance_types import types_of_jobs


def test_every_family_of_the_api_is_in_one_list() -> None:
    families = {name.split(".")[1] for names in types_of_jobs().values() for name in names}
    assert families == LOCAL_DISKS | EBS_ONLY
    assert not LOCAL_DISKS & EBS_ONLY


@pytest.mark.parametrize(
    ("instance_type", "local"),
    [("ml.p6-b200.48xlarge", True), ("ml.r5d.xlarge", True), ("ml.m5.large", False), ("ml.c7i-flex.large", False)],
)
def test_local_disks_of_a_type(instance_type: str, local: bool) -> None:
    assert has_local_disks(instance_type) is local


def test_an_unknown_family_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="add the family x9 to a list"):
        has_local_disks("ml.x9.large")
