"""What differs between environments: `environments/<name>.toml`, typed and checked before anything is synthesised."""

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
    Table,
    TagKey,
    TagValue,
    Threshold,
)
from infra.settings.fleet import FleetSettings
from infra.settings.gate import GateSettings
from infra.settings.partitions import PartitionsSettings
from infra.settings.training_job import FunctionsSettings, NetworkSettings, TrainingJobSettings
from job_code.config import ForecastConfig

# Prefix and environment carry no dash, so that no deployment's `<prefix>-<environment>-*` covers another's names; with
# stamp, hash and counters the job's name then stays within SageMaker's 63 characters.
ENVIRONMENT_PATTERN = r"[a-z][a-z0-9]{0,11}"
# The days CloudWatch Logs accepts.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
# Says of everything which deployment it belongs to.
DEPLOYMENT_TAG = "deployment"


class DeploymentSettings(Table):
    """Where the application lives and what becomes of its data.

    Attributes:
        name_prefix: First part of every name, e.g. `onejob` in `onejob-prod-forecast`.
        account: AWS account; dev may leave it to the credentials the CLI finds.
        region: AWS region.
        removal_policy: What `cdk destroy` does with buckets, key and logs.
        image_uri: A prebuilt image in ECR; the image is built from `job_code/` when absent.
        permissions_boundary: A managed policy, by name or ARN, that bounds every role; none when absent.
        tags: Put on every resource and every training job.
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
            raise ValueError(f"{DEPLOYMENT_TAG}: this one is the application's own; the budget goes by it")
        return value


class ScheduleSettings(Table):
    """When a run starts by itself, and how its cutoff follows from that.

    Attributes:
        enabled: Whether the schedule starts runs.
        cron: EventBridge's six fields in `time_zone`.
        infer_cron: The same, for forecasts with the published model, which train nothing; none when absent.
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
    def _eventbridge_takes_it(cls, value: str | None) -> str | None:
        return None if value is None else check_cron(value)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no IANA time zone such as Europe/Berlin or UTC") from None
        return value


class AthenaSettings(Table):
    """Queries about the forecasts.

    Attributes:
        scan_limit_gb: A query that would read more is stopped.
    """

    scan_limit_gb: int = Field(default=100, strict=True, ge=1, le=100_000)


class AlertsSettings(Table):
    """Who hears of outcomes.

    Attributes:
        emails: Subscribed to the topic; each address confirms once.
        deadline_cron: When the run that is due must be published, in the schedule's time zone; never looked at when
            absent.
        max_drift: Demand since the last published run, from what that expected, as a share of it; beyond it, an alarm.
        monthly_budget_usd: What the environment may cost a month; none is watched when absent.
    """

    emails: tuple[Email, ...] = ()
    deadline_cron: str | None = None
    max_drift: Threshold | None = None
    monthly_budget_usd: Threshold | None = None

    @field_validator("deadline_cron")
    @classmethod
    def _eventbridge_takes_it(cls, value: str | None) -> str | None:
        return None if value is None else check_cron(value)


class RetentionSettings(Table):
    """How long what is no longer current stays, in days.

    Attributes:
        old_version_days: Overwritten or deleted versions of demand and forecasts.
        job_output_days: What SageMaker itself writes beside the forecasts.
        query_result_days: What Athena writes of queries' answers.
        access_log_days: The buckets' access logs.
        log_days: CloudWatch logs of the functions and the state machine.
    """

    old_version_days: Days
    job_output_days: Days
    query_result_days: Days = 7
    access_log_days: Days
    log_days: Days

    @field_validator("log_days")
    @classmethod
    def _cloudwatch_takes_it(cls, value: int) -> int:
        if value not in LOG_DAYS:
            raise ValueError(f"{value} is none of CloudWatch's {', '.join(map(str, LOG_DAYS))}")
        return value


class EnvironmentSettings(Table):
    """One environment, whole."""

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
        """What every name begins with, e.g. `onejob-prod`."""
        return f"{self.deployment.name_prefix}-{self.environment}"

    @property
    def tags(self) -> dict[str, str]:
        """Of every resource and every training job."""
        return {DEPLOYMENT_TAG: self.name, **self.deployment.tags}

    @property
    def keeps_data(self) -> bool:
        """Whether buckets, key and logs outlive the stacks."""
        return self.deployment.removal_policy == "retain"
