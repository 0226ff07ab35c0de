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
    """Account, region, names and protection of a deployment.

    Attributes:
        name_prefix: First part of every name, e.g. `onejob` in `onejob-prod-forecast`.
        account: AWS account. dev may omit it and use the account of the CLI's credentials.
        region: AWS region.
        removal_policy: Whether `cdk destroy` deletes or retains buckets, key and logs.
        image_uri: A prebuilt image in ECR; None builds the image from `job_code/`.
        permissions_boundary: Name or ARN of a managed policy that bounds every role; None for no boundary.
        tags: Tags of every resource and every job.
    """

    name_prefix: Prefix
    account: Account | None = None
    region: Region
    removal_policy: Literal["destroy", "retain"]
    image_uri: ImageUri | None = None
    permissions_boundary: ManagedPolicy | None = None
    tags: dict[TagKey, TagValue] = Field(default_factory=dict, max_length=40)

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
    """Start times of scheduled runs, and the calendar that determines their cutoffs.

    Attributes:
        enabled: Whether the schedules start runs.
        cron: Start times of training runs, as EventBridge's six fields in `time_zone`.
        infer_cron: Start times of runs that forecast with the published model and do not train; None for none.
        time_zone: IANA name.
        period_label: Whether a period's date in the demand is its first or its last day.
    """

    enabled: Flag
    cron: str
    infer_cron: str | None = None
    time_zone: str
    period_label: Literal["start", "end"]

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
    """Limits of Athena queries on the forecasts.

    Attributes:
        scan_limit_gb: GB that a query may read; Athena cancels a query that reads more.
    """

    scan_limit_gb: int = Field(default=100, strict=True, ge=1, le=100_000)


class AlertsSettings(SettingsTable):
    """Recipients of notifications, and thresholds of alarms.

    Attributes:
        emails: Addresses subscribed to the topic; each one must confirm once.
        deadline_cron: Times by which the run that is due must be published, in the schedule's time zone; None for no
            deadline.
        max_drift: Largest relative difference between demand since the last published run and that run's forecast.
            A larger difference raises an alarm. None for no alarm.
        monthly_budget_usd: Monthly budget in US dollars; None for no budget.
    """

    emails: tuple[Email, ...] = ()
    deadline_cron: str | None = None
    max_drift: Threshold | None = None
    monthly_budget_usd: Threshold | None = None

    @field_validator("deadline_cron")
    @classmethod
    def _check_cron(cls, value: str | None) -> str | None:
        return None if value is None else check_cron(value)


class RetentionSettings(SettingsTable):
    """Retention in days.

    Attributes:
        old_version_days: Overwritten or deleted versions of demand and forecasts.
        job_output_days: Output that SageMaker itself writes, and handovers.
        query_result_days: Results of Athena queries.
        access_log_days: Access logs of the buckets.
        log_days: CloudWatch logs of functions, state machines and the network.
    """

    old_version_days: Days
    job_output_days: Days
    query_result_days: Days = 7
    access_log_days: Days
    log_days: Days

    @field_validator("log_days")
    @classmethod
    def _is_log_retention(cls, value: int) -> int:
        if value not in LOG_DAYS:
            raise ValueError(f"{value} is not a retention of CloudWatch; use one of {', '.join(map(str, LOG_DAYS))}")
        return value


class EnvironmentSettings(SettingsTable):
    """The whole file of one environment."""

    deployment: DeploymentSettings
    schedule: ScheduleSettings
    forecast: ForecastConfig
    training_job: TrainingJobSettings
    fleet: FleetSettings | None = None
    partitions: PartitionsSettings | None = None
    network: NetworkSettings | None = None
    functions: FunctionsSettings = FunctionsSettings()
    gate: GateSettings = GateSettings()
    alerts: AlertsSettings = AlertsSettings()
    athena: AthenaSettings = AthenaSettings()
    retention: RetentionSettings


class Settings(EnvironmentSettings):
    """One environment with its name.

    Attributes:
        environment: The file's name without `.toml`.
    """

    environment: str

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
