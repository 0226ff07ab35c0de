"""What an environment settles about its fleet: every bad value is refused in words, with file and key."""

import re
import shutil
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from infra.settings.field_types import FleetInstanceType
from infra.settings.fleet import FleetSettings
from infra.settings.instance_types import types_of_jobs
from infra.settings.loader import ENVIRONMENTS, SettingsError, load_settings
from lambdas.plan_fleet.instance_types import cores_of

SOUND = {
    "enabled": "true",
    "instance_types": '["ml.m5.4xlarge", "ml.c5.4xlarge"]',
    "instances": '"auto"',
    "deadline_minutes": "15",
    "volume_gb": "50",
    "max_runtime_minutes": "60",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the environment is."""
    (tmp_path / "environments").mkdir()
    return tmp_path / "environments"


def settled(folder: Path, **changes: str | None) -> FleetSettings:
    """The fleet of an environment that has one; a key that is None is absent."""
    shutil.copy(ENVIRONMENTS / "dev.toml", folder / "dev.toml")
    given = {key: value for key, value in {**SOUND, **changes}.items() if value is not None}
    text = (folder / "dev.toml").read_text()
    assert "\n[fleet]" not in text
    table = "".join(f"{key} = {value}\n" for key, value in given.items())
    (folder / "dev.toml").write_text(f"{text}\n[fleet]\n{table}")
    fleet = load_settings("dev", folder).fleet
    assert fleet is not None
    return fleet


def test_a_sound_one(folder: Path) -> None:
    fleet = settled(folder)
    assert (fleet.enabled, fleet.instances, fleet.deadline_minutes) == (True, "auto", 15)
    assert fleet.instance_types == ("ml.m5.4xlarge", "ml.c5.4xlarge")
    assert settled(folder, deadline_minutes=None).deadline_minutes is None


@pytest.mark.parametrize("instances", [1, 100])
def test_a_fixed_number(folder: Path, instances: int) -> None:
    assert settled(folder, instances=str(instances), deadline_minutes=None).instances == instances


@pytest.mark.parametrize(
    ("key", "value", "problem"),
    [
        ("instances", "0", 'instances: 0 is neither "auto" nor 1 to 100, which a job may have'),
        ("instances", "-1", 'instances: -1 is neither "auto" nor 1 to 100'),
        ("instances", "101", 'instances: 101 is neither "auto" nor 1 to 100'),
        ("instances", "true", 'instances: True is neither "auto" nor 1 to 100'),
        ("instances", "2.0", 'instances: 2.0 is neither "auto" nor 1 to 100'),
        ("instances", '"few"', "instances: 'few' is neither \"auto\" nor 1 to 100"),
        ("instances", '"4"', "instances: '4' is neither \"auto\" nor 1 to 100"),
        ("instances", "[4]", 'instances: [4] is neither "auto" nor 1 to 100'),
        ("instances", None, "instances: is missing and has no default"),
        ("instances", "4", 'deadline_minutes: only with instances = "auto"; remove it, or set instances'),
        ("deadline_minutes", "0", "deadline_minutes: must be greater than or equal to 1, not 0"),
        ("deadline_minutes", "1.5", "deadline_minutes: must be a valid integer, not 1.5"),
        ("instance_types", "[]", "instance_types: 0 given; 1 to 5 are needed"),
        (
            "instance_types",
            '["ml.m5.large", "ml.m6i.large", "ml.m7i.large", "ml.c5.xlarge", "ml.c6i.xlarge", "ml.c7i.large"]',
            "instance_types: 6 given; 1 to 5 are needed",
        ),
        (
            "instance_types",
            '["ml.m5.xlarge", "ml.c5.xlarge", "ml.m5.xlarge"]',
            "instance_types: ml.m5.xlarge given more than once",
        ),
        ("instance_types", '["m5.xlarge"]', "instance_types.0: 'm5.xlarge' is not an instance type such as ml.m5"),
        (
            "instance_types",
            '["ml.m5.metal"]',
            "instance_types.0: 'ml.m5.metal' is not an instance type whose size states its cores, such as "
            "ml.m5.4xlarge",
        ),
        (
            "instance_types",
            '["ml.m5.xlarge", "ml.c5n.xlarge"]',
            "instance_types.1: 'ml.c5n.xlarge' is not an instance type of processing jobs, though training jobs "
            "support it; did you mean ml.c5.xlarge or ",
        ),
        (
            "instance_types",
            '["ml.m5x.xlarge"]',
            "instance_types.0: 'ml.m5x.xlarge' is not an instance type of processing jobs; did you mean "
            "ml.m5.xlarge or ",
        ),
        ("instance_types", None, "instance_types: is missing and has no default"),
        ("enabled", '"yes"', "enabled: must be a valid boolean, not 'yes'"),
        ("volume_gb", "0", "volume_gb: must be greater than or equal to 1, not 0"),
        ("volume_gb", '"50"', "volume_gb: must be a valid integer, not '50'"),
        ("max_runtime_minutes", "12961", "max_runtime_minutes: must be less than or equal to 12960, not 12961"),
        ("spot", "true", "spot: unknown key"),
    ],
)
def test_a_bad_value_is_reported_with_key_and_reason(folder: Path, key: str, value: str | None, problem: str) -> None:
    with pytest.raises(SettingsError) as error:
        settled(folder, **{key: value})
    (found,) = error.value.problems
    assert found.startswith(f"environments/dev.toml: fleet.{problem}"), found
    assert "\n" not in found


def test_all_problems_are_reported_together(folder: Path) -> None:
    with pytest.raises(SettingsError) as error:
        settled(folder, instances='"few"', instance_types='["ml.m5.metal"]', volume_gb="0", enabled=None)
    keys = [re.sub(r"^.*?: (fleet\.[a-z_]+).*", r"\1", problem) for problem in error.value.problems]
    assert sorted(keys) == ["fleet.enabled", "fleet.instance_types", "fleet.instances", "fleet.volume_gb"]


def test_the_number_is_settled_or_a_matter_of_the_deadline(folder: Path) -> None:
    assert settled(folder).fixed is None
    assert settled(folder, instances="7", deadline_minutes=None).fixed == 7


def test_every_type_that_is_accepted_tells_its_cores() -> None:
    accepted = TypeAdapter(FleetInstanceType)
    names = [*types_of_jobs()["Processing"], "ml.m5.metal", "ml.m5.0xlarge", "ml.m5", "m5.large"]
    assert len(names) > 50
    for name in names:
        try:
            accepted.validate_python(name)
        except ValidationError:
            with pytest.raises(ValueError, match="to tell its cores"):
                cores_of(name)
        else:
            assert cores_of(name) >= 2
