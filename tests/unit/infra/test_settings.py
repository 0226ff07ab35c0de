import re
from pathlib import Path

import pytest

from infra.settings.cron import check_cron
from infra.settings.environment import LOG_DAYS, Settings
from infra.settings.loader import SettingsError, load_settings

ENVIRONMENTS = Path(__file__).parents[3] / "environments"
NAMES = ("dev", "staging", "prod")


@pytest.fixture
def environments(tmp_path: Path) -> Path:
    """A copy of the environments' folder, to be spoiled."""
    folder = tmp_path / "environments"
    folder.mkdir()
    for name in NAMES:
        (folder / f"{name}.toml").write_text((ENVIRONMENTS / f"{name}.toml").read_text())
    return folder


def change(environments: Path, name: str, old: str, new: str) -> None:
    path = environments / f"{name}.toml"
    text = path.read_text()
    pattern = rf"^{re.escape(old)}.*$" if new else rf"^{re.escape(old)}.*\n"
    changed, count = re.subn(pattern, lambda _: new, text, count=1, flags=re.MULTILINE)
    assert count == 1, f"{old} is not in {path}"
    path.write_text(changed)


def problems(environments: Path, name: str = "prod") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as error:
        load_settings(name, environments)
    return error.value.problems


@pytest.mark.parametrize("name", NAMES)
def test_every_environment_loads(name: str) -> None:
    settings = load_settings(name, ENVIRONMENTS)
    assert settings.name == f"onejob-{name}"
    assert settings.forecast.key == ("article_id", "merchant_id")
    assert (settings.forecast.frequency, settings.forecast.horizon) == ("W-MON", 12)


def test_forecasts_between_trainings_are_scheduled_where_that_is_said(environments: Path) -> None:
    assert load_settings("prod", environments).schedule.infer_cron is None
    change(environments, "prod", "# infer_cron", 'infer_cron = "0 5  ? * SUN,TUE-SAT *"')
    assert load_settings("prod", environments).schedule.infer_cron == "0 5 ? * SUN,TUE-SAT *"


def loaded() -> dict[str, Settings]:
    return {name: load_settings(name, ENVIRONMENTS) for name in NAMES}


def test_what_sets_the_environments_apart() -> None:
    settings = loaded()
    assert [settings[name].schedule.enabled for name in NAMES] == [False, False, True]
    assert [settings[name].keeps_data for name in NAMES] == [False, False, True]
    assert [settings[name].training_job.spot for name in NAMES] == [True, False, False]
    accounts = [settings[name].deployment.account for name in NAMES]
    assert accounts[0] is None
    assert accounts[1] != accounts[2]
    assert len(settings["prod"].training_job.instance_types) >= 3


def test_an_unknown_environment_lists_what_is_there(environments: Path) -> None:
    assert problems(environments, "prd") == (
        "environment 'prd' is unknown; did you mean prod? (environments/ has: dev, prod, staging)",
    )


@pytest.mark.parametrize("name", ["../environments/dev", "", "DEV", "dev.toml"])
def test_no_path_is_an_environment(environments: Path, name: str) -> None:
    assert "is unknown" in problems(environments, name)[0]


def test_a_name_that_would_not_fit_into_a_jobs(environments: Path) -> None:
    (environments / "eu-west.toml").write_text((ENVIRONMENTS / "dev.toml").read_text())
    assert problems(environments, "eu-west")[0].startswith("environments/eu-west.toml: the file's name: an environment")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("volume_gb", "volume_gb = 0", "training_job.volume_gb: must be greater than or equal to 1, not 0"),
        ("volume_gb", 'volume_gb = "50"', "training_job.volume_gb: must be a valid integer, not '50'"),
        ("volume_gb", "", "training_job.volume_gb: is missing and has no default"),
        (
            "volume_gb",
            "volume_gb = 1\nvolume = 1",
            "training_job.volume: unknown key, did you mean volume_gb? (known: ",
        ),
        (
            "[alerts]",
            "[alert]",
            "alert: unknown key, did you mean alerts? (known: alerts, athena, deployment, fleet, forecast, ",
        ),
        ("account", 'account = "12345"', "deployment.account: '12345' is not an account's 12 digits"),
        ("account", "account = 444455556666", "deployment.account: must be a valid string, not 444455556666"),
        ("account", "", "deployment.account: needed in every environment but dev"),
        (
            "name_prefix",
            'name_prefix = "one-job"',
            "deployment.name_prefix: 'one-job' is not 1 to 15 lower-case letters and digits",
        ),
        (
            "name_prefix",
            'name_prefix = "sixteenletters16"',
            "deployment.name_prefix: 'sixteenletters16' is not 1 to 15 lower-case letters and digits",
        ),
        ("region", 'region = "Frankfurt"', "deployment.region: 'Frankfurt' is not a region such as eu-central-1"),
        (
            "removal_policy",
            'removal_policy = "keep"',
            "deployment.removal_policy: must be 'destroy' or 'retain'",
        ),
        (
            "region",
            'region = "eu-central-1"\nimage_uri = "onejob:1"',
            "deployment.image_uri: 'onejob:1' is not an image in ECR",
        ),
        (
            "region",
            f'region = "eu-central-1"\nimage_uri = "444455556666.dkr.ecr.eu-central-1.amazonaws.com/{"i" * 206}:1"',
            "deployment.image_uri: String should have at most 255 characters",
        ),
        (
            "region",
            'region = "eu-central-1"\nimage_uri = "444455556666.dkr.ecr.eu-west-1.amazonaws.com/onejob:1"',
            "deployment.image_uri: SageMaker pulls images of its own region only (eu-central-1)",
        ),
        (
            "region",
            'region = "eu-central-1"\nimage_builder = "podman"',
            "deployment.image_builder: must be 'docker' or 'codebuild'",
        ),
        (
            "region",
            'region = "eu-central-1"\nimage_uri = "444455556666.dkr.ecr.eu-central-1.amazonaws.com/onejob:1"\n'
            'image_builder = "codebuild"',
            "deployment.image_builder: image_uri names a prebuilt image, so nothing is built; remove one of the two",
        ),
        (
            "removal_policy",
            'removal_policy = "retain"\npermissions_boundary = "arn:aws:iam::1:policy/x"',
            "deployment.permissions_boundary: 'arn:aws:iam::1:policy/x' is not a managed policy's name in the account",
        ),
        (
            "isolated",
            'isolated = true\nsubnets = ["subnet-0123456789abcdef0"]',
            "network.security_groups: isolated = true creates subnets and a security group; remove isolated, or",
        ),
        ("isolated", "", "network.security_groups: set subnets and security_groups, or isolated = true, or"),
        (
            "isolated",
            'subnets = ["subnet-0123456789abcdef0"]',
            "network.security_groups: set subnets and security_groups, or isolated = true",
        ),
        (
            "isolated",
            'subnets = ["10.0.0.0/24"]\nsecurity_groups = ["sg-01234567"]',
            "network.subnets.0: '10.0.0.0/24' is not a subnet's id such as subnet-",
        ),
        (
            "# reserved_concurrency",
            "reserved_concurrency = 0",
            "functions.reserved_concurrency: must be greater",
        ),
        ("application", '"aws:x" = "1"', "deployment.tags: aws:x: keys beginning with aws: are AWS's own"),
        ("application", 'application = "a,b"', "deployment.tags.application: 'a,b' is not at most 256 letters"),
        ("enabled", 'enabled = "yes"', "schedule.enabled: must be a valid boolean, not 'yes'"),
        ("cron", 'cron = "0 6 * * MON"', "schedule.cron: '0 6 * * MON' has 5 fields; EventBridge takes 6"),
        (
            "cron",
            'cron = "0 6 * * MON *"',
            "schedule.cron: '0 6 * * MON *': exactly one of day of month and day of week",
        ),
        ("cron", 'cron = "0 24 ? * MON *"', "schedule.cron: '0 24 ? * MON *': '24' is not valid as hours (0-23)"),
        (
            "# infer_cron",
            'infer_cron = "0 5 ? * TUE-SUN *"',
            "schedule.infer_cron: '0 5 ? * TUE-SUN *': 'TUE-SUN' is not valid as day of week (1-7); a "
            "range must ascend, and ",
        ),
        ("# infer_cron", 'infer_cron = "daily"', "schedule.infer_cron: 'daily' has 1 fields; EventBridge takes 6"),
        (
            "[network]",
            "[partitions]\nmax_concurrency = 20\n[network]",
            "partitions.names: set either names or discover = true",
        ),
        (
            "[network]",
            '[partitions]\nmax_concurrency = 20\ndiscover = true\nnames = ["DE"]\n[network]',
            "partitions.names: set either names or discover = true",
        ),
        (
            "[network]",
            '[partitions]\nmax_concurrency = 20\nnames = ["DE", "AT", "DE"]\n[network]',
            "partitions.names: DE given more than once",
        ),
        (
            "[network]",
            '[partitions]\nmax_concurrency = 20\nnames = ["D/E"]\n[network]',
            "partitions.names.0: 'D/E' is not 1 to 64 letters, digits and . _ -",
        ),
        (
            "[network]",
            "[partitions]\nmax_concurrency = 0\ndiscover = true\n[network]",
            "partitions.max_concurrency: must be greater than or equal to 1, not 0",
        ),
        (
            "time_zone",
            'time_zone = "Berlin"',
            "schedule.time_zone: 'Berlin' is not an IANA time zone such as Europe/Berlin",
        ),
        ("time_zone", 'time_zone = "/etc/localtime"', "schedule.time_zone: '/etc/localtime' is not an IANA time zone"),
        ("time_zone", 'time_zone = ""', "schedule.time_zone: '' is not an IANA time zone"),
        ("period_label", 'period_label = "middle"', "schedule.period_label: must be 'start' or 'end'"),
        (
            "frequency",
            "",
            "forecast.frequency: absent; the cutoff of a scheduled run needs 15min, 30min, h, D, B, W-MON",
        ),
        (
            "frequency",
            'frequency = "W"',
            "forecast.frequency: W, without its weekday, month or begin; the cutoff of a scheduled run needs",
        ),
        ("frequency", 'frequency = "weekly"', "forecast.frequency: 'weekly' is not a known frequency"),
        ("frequency", 'frequency = "ME"', 'schedule.period_label: periods of ME carry their end day; set "end"'),
        ("horizon", "horizon = 0", "forecast.horizon: must be greater than or equal to 1, not 0"),
        ("horizon", 'horizon = 12\ncutoff = "2026-11-16"', "forecast.cutoff: belongs to one run; remove it and start"),
        ("quantiles", "quantiles = [0.9, 0.1]", "forecast.quantiles: levels must be ascending"),
        ("instance_types", "instance_types = []", "training_job.instance_types: 0 given; 1 to 5 are needed"),
        (
            "instance_types",
            'instance_types = ["m5.xlarge"]',
            "training_job.instance_types.0: 'm5.xlarge' is not an instance type",
        ),
        (
            "instance_types",
            'instance_types = ["ml.m5.xlagre"]',
            "training_job.instance_types.0: 'ml.m5.xlagre' is not an instance type of training jobs; did you mean "
            "ml.m5.xlarge or ",
        ),
        (
            "instance_types",
            'instance_types = ["ml.m5.xlarge", "ml.m5.xlarge"]',
            "training_job.instance_types: ml.m5.xlarge given more than once",
        ),
        (
            "spot",
            "spot = true\nmax_wait_minutes = 300",
            "training_job.instance_types: 3 given; spot waits for its one type: give one type, or set spot = false",
        ),
        ("spot", "spot = false\nmax_wait_minutes = 300", "training_job.max_wait_minutes: only with spot = true"),
        ("emails", 'emails = ["operator"]', "alerts.emails.0: 'operator' is not an e-mail address"),
        (
            "log_days",
            "log_days = 100",
            "retention.log_days: 100 is not a retention of CloudWatch; use one of 1, 3, 5, 7",
        ),
    ],
)
def test_a_bad_value_is_reported_with_key_and_reason(environments: Path, old: str, new: str, problem: str) -> None:
    change(environments, "prod", old, new)
    found = problems(environments)
    assert len(found) == 1, found
    assert found[0].startswith(f"environments/prod.toml: {problem}"), found
    assert "\n" not in found[0]


@pytest.mark.parametrize(
    ("new", "problem"),
    [
        ("", "spot = true needs max_wait_minutes"),
        ("max_wait_minutes = 10", "10 is less than max_runtime_minutes"),
    ],
)
def test_spare_capacity_needs_a_limit_to_the_wait(environments: Path, new: str, problem: str) -> None:
    change(environments, "dev", "max_wait_minutes", new)
    (found,) = problems(environments, "dev")
    assert found.startswith(f"environments/dev.toml: training_job.max_wait_minutes: {problem}")


def test_all_problems_are_reported_together(environments: Path) -> None:
    for old, new in (
        ("account", ""),
        ("cron", 'cron = "soon"'),
        ("frequency", 'frequency = "W"'),
        ("horizon", 'horizon = "far"'),
        ("volume_gb", "volume_gb = -1"),
        ("spot", "spot = true"),
        ("log_days", "log_days = 2"),
    ):
        change(environments, "prod", old, new)
    text = "\n".join(problems(environments))
    for key in (
        "deployment.account",
        "schedule.cron",
        "forecast.frequency",
        "forecast.horizon",
        "training_job.volume_gb",
        "training_job.instance_types",
        "training_job.max_wait_minutes",
        "retention.log_days",
    ):
        assert f"environments/prod.toml: {key}: " in text


@pytest.mark.parametrize("content", [b"[deployment", b"\xff", b"a = 1\na = 2\n"])
def test_a_file_that_is_not_toml(environments: Path, content: bytes) -> None:
    (environments / "prod.toml").write_bytes(content)
    assert problems(environments)[0].startswith("environments/prod.toml: not valid TOML: ")


def test_a_folder_is_no_file(environments: Path) -> None:
    (environments / "qa.toml").mkdir()
    assert problems(environments, "qa")[0].startswith("environments/qa.toml: cannot be read: ")


def test_tables_that_are_none(environments: Path) -> None:
    (environments / "prod.toml").write_text("deployment = 1\nschedule = []\nforecast = 2\n")
    text = "\n".join(problems(environments))
    assert all(f"{name}: " in text for name in ("deployment", "schedule", "forecast", "training_job", "retention"))


def test_an_empty_file_names_every_table(environments: Path) -> None:
    (environments / "prod.toml").write_text("")
    required = ("deployment", "schedule", "forecast", "training_job", "retention")
    assert [f"environments/prod.toml: {name}: is missing and has no default" for name in required] == list(
        problems(environments)
    )[:5]


def test_the_job_has_the_label_of_the_schedule(environments: Path) -> None:
    assert load_settings("prod", environments).forecast.period_label == "start"
    change(environments, "prod", "period_label", 'period_label = "end"')
    assert load_settings("prod", environments).forecast.period_label == "end"
    change(environments, "prod", "horizon", 'horizon = 12\nperiod_label = "end"')
    (problem,) = problems(environments)
    assert "forecast.period_label: belongs to the calendar of the schedule; set schedule.period_label" in problem


def test_a_disabled_schedule_needs_no_calendar(environments: Path) -> None:
    change(environments, "prod", "enabled", "enabled = false")
    change(environments, "prod", "frequency", "")
    assert load_settings("prod", environments).forecast.frequency is None


@pytest.mark.parametrize(
    "expression",
    [
        "0 6 ? * MON *",
        "*/15 * * * ? *",
        "0 10 ? * MON-FRI *",
        "0 18 1 * ? 2026-2030",
        "0 18 L * ? *",
        "0 18 3W * ? *",
        "0 9 ? * 2#1 *",
        "0 9 ? JAN,JUL 6L *",
        "5,35 14 * * ? *",
        "  0  6 ?  *  MON * ",
    ],
)
def test_cron_expressions_that_eventbridge_takes(expression: str) -> None:
    assert check_cron(expression) == " ".join(expression.split())


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "cron(0 6 ? * MON *)",
        "60 6 ? * MON *",
        "0 6 ? 13 MON *",
        "0 6 ? * MOO *",
        "0 6 ? * 8 *",
        "0 6 ? * FRI-MON *",
        "0 6 ? * ? *",
        "0 6 1 * MON *",
        "0 6 32 * ? *",
        "0/0 6 ? * MON *",
        "0 6 ? * MON 1969",
        "0 6- ? * MON *",
        "0 6 ? * MON#6 *",
        ", 6 ? * MON *",
    ],
)
def test_cron_expressions_that_eventbridge_refuses(expression: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(expression)) if expression else "has 0 fields"):
        check_cron(expression)


def test_log_days_ascend() -> None:
    assert list(LOG_DAYS) == sorted(set(LOG_DAYS))
