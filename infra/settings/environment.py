"""The model of `environments/<name>.toml`, typed and checked before anything is synthesized."""

import zoneinfo
from typing import Literal

from pydantic import Field, field_validator

from infra.settings.cron import check_cron
from infra.settings.field_types import (
    Account,
    Days,
    Email,
    Flag,
    ImageUri,
    ManagedPolicy,
    Prefix,
    Region,
    SettingsTable,
    TagKey,
    TagValue,
    Threshold,
)
from infra.settings.fleet import FleetSettings
from infra.settings.gate import GateSettings
from infra.settings.partitions import PartitionsSettings
from infra.settings.training_job import FunctionsSettings, NetworkSettings, TrainingJobSettings
from job_code.config import ForecastConfig

# Prefix and environment have no dash, so that the pattern `<prefix>-<environment>-*` of one deployment never matches
# the names of another. Their length keeps job names, with timestamp, hash and counters, within SageMaker's 63
# characters.
ENVIRONMENT_PATTERN = r"[a-z][a-z0-9]{0,11}"
# Retentions in days that CloudWatch Logs accepts.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
# Tag with the deployment's name, on every resource and job.
DEPLOYMENT_TAG = "deployment"


class DeploymentSettings(SettingsTable):
    """Account, region, names and protection of a deployment."""

    name_prefix: Prefix
    """First part of every name, such as `onejob` in `onejob-prod-forecast`."""
    account: Account | None = None
    """AWS account. Only dev may omit it, and then uses the account of the CLI's credentials."""
    region: Region
    """AWS region."""
    removal_policy: Literal["destroy", "retain"]
    """`destroy` deletes buckets, keys, registry and logs with the stacks. `retain` protects them from deletion."""
    image_uri: ImageUri | None = None
    """A prebuilt image in the ECR of the same region. If absent, a deployment builds the image from `job_code/`."""
    image_builder: Literal["docker", "codebuild"] = "docker"
    """Where a deployment builds the image: `docker` on the deploying computer, `codebuild` in AWS CodeBuild."""
    permissions_boundary: ManagedPolicy | None = None
    """Managed policy that bounds every role. If absent, roles have no boundary."""
    tags: dict[TagKey, TagValue] = Field(default_factory=dict, max_length=40)
    """Tags of every resource and every job. The application itself sets the tag `deployment`."""

    @field_validator("tags")
    @classmethod
    def _not_reserved(cls, value: dict[str, str]) -> dict[str, str]:
        reserved = sorted(key for key in value if key.lower().startswith("aws:"))
        if reserved:
            raise ValueError(f"{', '.join(reserved)}: keys beginning with aws: are AWS's own")
        if DEPLOYMENT_TAG in value:
            raise ValueError(f"{DEPLOYMENT_TAG}: the application sets this key itself, for the budget; remove it")
        return value


class ScheduleSettings(SettingsTable):
    """Start times of scheduled runs, and the calendar that determines their cutoffs."""

    enabled: Flag
    """Whether the schedules start runs."""
    cron: str
    """Start times of training runs, in `time_zone`. EventBridge's cron has six fields: minutes, hours, day of month,
    month, day of week, year. Exactly one of the two days is `?`."""
    infer_cron: str | None = None
    """Start times, as `cron`, of runs that forecast with the published model. If absent, there are no such runs."""
    time_zone: str
    """Time zone of the crons: an IANA name such as `Europe/Berlin`. A day is complete at its midnight, or at the
    midnight of `time_zone` under `[forecast]`. With `day_begins_at`, it is complete at that hour."""
    period_label: Literal["start", "end"]
    """Whether a period's date in the demand is its first or its last day. The job uses it, too."""

    @field_validator("cron", "infer_cron")
    @classmethod
    def _check_cron(cls, value: str | None) -> str | None:
        return None if value is None else check_cron(value)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Berlin or UTC") from None
        return value


class AthenaSettings(SettingsTable):
    """Limits of Athena queries on the forecasts."""

    scan_limit_gb: int = Field(default=100, strict=True, ge=1, le=100_000)
    """GB that a query may read. Athena cancels a query that reads more."""


class AlertsSettings(SettingsTable):
    """Recipients of notifications, and thresholds of alarms."""

    emails: tuple[Email, ...] = ()
    """Addresses that get each notification. Each address must confirm once."""
    deadline_cron: str | None = None
    """Times by which the run that is due must be published, in the schedule's time zone. If absent, there is no
    deadline."""
    max_drift: Threshold | None = None
    """Largest relative difference between demand since the last published run and that run's forecast. A larger
    difference raises an alarm. If absent, there is no such alarm."""
    monthly_budget_usd: Threshold | None = None
    """Monthly budget in US dollars. If absent, there is no budget."""

    @field_validator("deadline_cron")
    @classmethod
    def _check_cron(cls, value: str | None) -> str | None:
        return None if value is None else check_cron(value)


class RetentionSettings(SettingsTable):
    """Retention in days."""

    old_version_days: Days
    """Days to keep overwritten or deleted versions of demand and forecasts."""
    job_output_days: Days
    """Days to keep the output that SageMaker itself writes, and handovers."""
    query_result_days: Days = 7
    """Days to keep the results of Athena queries."""
    access_log_days: Days
    """Days to keep the access logs of the buckets."""
    log_days: Days
    """Days to keep the CloudWatch logs of functions, state machines and the network. CloudWatch accepts 1, 3, 5, 7, 14,
    30, 60, 90, 120, 150, 180, 365, 400 and some longer ones."""

    @field_validator("log_days")
    @classmethod
    def _is_log_retention(cls, value: int) -> int:
        if value not in LOG_DAYS:
            raise ValueError(f"{value} is not a retention of CloudWatch; use one of {', '.join(map(str, LOG_DAYS))}")
        return value


class EnvironmentSettings(SettingsTable):
    """The whole file of one environment. The docstrings of its fields introduce the tables in docs/configuration.md."""

    deployment: DeploymentSettings
    """Account, region, names and protection of the deployment."""
    schedule: ScheduleSettings
    """Start times of scheduled runs, and the calendar that determines their cutoffs."""
    forecast: ForecastConfig
    """Columns, calendar, model and accuracy of the forecast. An execution overrides these keys with the `config` of its
    input, `onejob train` with `--set`, and `make run` with `SET=`."""
    training_job: TrainingJobSettings
    """Instance types and limits of the training job."""
    fleet: FleetSettings | None = None
    """Several instances that forecast when one is not enough. Without this table there is no fleet."""
    partitions: PartitionsSettings | None = None
    """Partitions with their own demand, model and forecasts. Without this table there is one partition, `all`."""
    network: NetworkSettings | None = None
    """The network of the jobs. Without this table they run in SageMaker's own network, which reaches the internet."""
    functions: FunctionsSettings = FunctionsSettings()
    """The functions' share of the account's Lambda concurrency."""
    gate: GateSettings = GateSettings()
    """Thresholds of the quality gate. A run that exceeds one is not published automatically. An absent threshold is not
    checked."""
    alerts: AlertsSettings = AlertsSettings()
    """Recipients of notifications, and thresholds of alarms."""
    athena: AthenaSettings = AthenaSettings()
    """Limits of Athena queries on the forecasts."""
    retention: RetentionSettings
    """Retention of data and logs."""


class Settings(EnvironmentSettings):
    """One environment with its name."""

    environment: str
    """The file's name without `.toml`."""

    @property
    def name(self) -> str:
        """Name of the deployment and prefix of every name, e.g. `onejob-prod`."""
        return f"{self.deployment.name_prefix}-{self.environment}"

    @property
    def tags(self) -> dict[str, str]:
        """Tags of every resource and every job."""
        return {DEPLOYMENT_TAG: self.name, **self.deployment.tags}

    @property
    def keeps_data(self) -> bool:
        """True if buckets, key and logs outlive the stacks."""
        return self.deployment.removal_policy == "retain"
