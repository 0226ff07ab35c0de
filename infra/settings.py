"""What differs between environments: `environments/<name>.toml`, typed and checked before anything is synthesised."""

import re
import zoneinfo
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from infra.cron import check_cron
from job_code.config import ForecastConfig

# Prefix and environment carry no dash, so that no deployment's `<prefix>-<environment>-*` covers another's names; with
# stamp, hash and counters the job's name then stays within SageMaker's 63 characters.
ENVIRONMENT_PATTERN = r"[a-z][a-z0-9]{0,11}"
IMAGE_URI_PATTERN = (
    r"[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9][a-z0-9._/-]*(:[\w.-]+|@sha256:[0-9a-f]{64})"
)
# The days CloudWatch Logs accepts.
LOG_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def _like(pattern: str, wanted: str) -> AfterValidator:
    """Refuses text that is not wholly of the pattern, in words rather than with the pattern."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{value!r} is not {wanted}")
        return value

    return AfterValidator(check)


# Says of everything which deployment it belongs to.
DEPLOYMENT_TAG = "deployment"

Flag = Annotated[bool, Field(strict=True)]
Threshold = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, le=1)]
Days = Annotated[int, Field(strict=True, ge=1, le=3653)]
# SageMaker runs a job for 28 days at most.
Minutes = Annotated[int, Field(strict=True, ge=1, le=28 * 24 * 60)]
MOST_INSTANCE_TYPES = 5

Prefix = Annotated[str, _like("[a-z][a-z0-9]{0,14}", "1 to 15 lower-case letters and digits, a letter first")]
Account = Annotated[str, _like("[0-9]{12}", "an account's 12 digits")]
Region = Annotated[str, _like("[a-z]{2}(-[a-z]+)+-[0-9]", "a region such as eu-central-1")]
ImageUri = Annotated[
    str, _like(IMAGE_URI_PATTERN, "an image in ECR: <account>.dkr.ecr.<region>.amazonaws.com/<name>:<tag>")
]
ManagedPolicy = Annotated[
    str,
    _like(
        r"[\w+=,.@-]{1,128}|arn:aws:iam::([0-9]{12}|aws):policy/([\w+=,.@-]+/)*[\w+=,.@-]{1,128}",
        "a managed policy's name in the account, or its ARN arn:aws:iam::<account>:policy/<name>",
    ),
]
SubnetId = Annotated[str, _like("subnet-[0-9a-f]{8,17}", "a subnet's id such as subnet-0123456789abcdef0")]
SecurityGroupId = Annotated[str, _like("sg-[0-9a-f]{8,17}", "a security group's id such as sg-0123456789abcdef0")]
InstanceType = Annotated[str, _like(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9]+", "an instance type such as ml.m5.xlarge")]
Email = Annotated[str, _like(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")]
TagKey = Annotated[str, _like(r"[\w .:/=+@-]{1,128}", "1 to 128 letters, digits, spaces and _.:/=+-@")]
TagValue = Annotated[str, _like(r"[\w .:/=+@-]{0,256}", "at most 256 letters, digits, spaces and _.:/=+-@")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeploymentSettings(_Table):
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


class ScheduleSettings(_Table):
    """When a run starts by itself, and how its cutoff follows from that.

    Attributes:
        enabled: Whether the schedule starts runs.
        cron: EventBridge's six fields in `time_zone`.
        time_zone: IANA name.
        period_label: Whether a period's date in the demand is its first or its last day.
    """

    enabled: Flag
    cron: str
    time_zone: str
    period_label: Literal["start", "end"]

    @field_validator("cron")
    @classmethod
    def _eventbridge_takes_it(cls, value: str) -> str:
        return check_cron(value)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is no IANA time zone such as Europe/Berlin or UTC") from None
        return value


class TrainingJobSettings(_Table):
    """The machine and its limits.

    Attributes:
        spot: Whether to use spare capacity: cheaper, and may have to start over.
        instance_types: In order of preference; the next one is tried when AWS has none of one left. Just one with
            `spot`: there the job waits until it is stopped, and no answer says that a type is not to be had.
        volume_gb: Disk for demand and forecasts, in GB.
        max_runtime_minutes: The job is stopped after this many minutes of work.
        max_wait_minutes: With `spot` only: minutes for waiting and working together.
        hourly_prices: What an hour of an instance type costs, for the cost of runs; a type without one has none.
    """

    # Before the fields whose checks depend on it.
    spot: Flag = False
    instance_types: tuple[InstanceType, ...]
    volume_gb: int = Field(strict=True, ge=1, le=16_384)
    max_runtime_minutes: Minutes
    max_wait_minutes: Minutes | None = Field(default=None, validate_default=True)
    hourly_prices: dict[InstanceType, Threshold] = Field(default_factory=dict)

    @field_validator("instance_types")
    @classmethod
    def _some_and_each_once(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not 1 <= len(value) <= MOST_INSTANCE_TYPES:
            raise ValueError(f"{len(value)} given; 1 to {MOST_INSTANCE_TYPES} are needed")
        twice = sorted({name for name in value if value.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} given more than once")
        if info.data.get("spot") is True and len(value) > 1:
            raise ValueError(f"{len(value)} given; spot waits for its one type: give one type, or set spot = false")
        return value

    # On the field and not on the model, so that it is reported together with what else is wrong in the table.
    @field_validator("max_wait_minutes")
    @classmethod
    def _only_with_spot(cls, value: int | None, info: ValidationInfo) -> int | None:
        spot, runtime = info.data.get("spot"), info.data.get("max_runtime_minutes")
        if spot is True and value is None:
            raise ValueError("spot = true needs max_wait_minutes, at least max_runtime_minutes")
        if spot is False and value is not None:
            raise ValueError("only with spot = true; remove it or switch spot on")
        if value is not None and runtime is not None and value < runtime:
            raise ValueError(f"{value} is less than max_runtime_minutes ({runtime}), which it includes")
        return value


class NetworkSettings(_Table):
    """What the training job can reach: a network made for it, or one that is there.

    Attributes:
        isolated: Makes one, from which nothing can be reached but the two buckets.
        subnets: Of a VPC that leads to S3, each in a zone of its own.
        security_groups: Of the machines in these subnets.
    """

    isolated: Flag = False
    subnets: tuple[SubnetId, ...] = Field(default=(), max_length=16)
    security_groups: tuple[SecurityGroupId, ...] = Field(default=(), max_length=5, validate_default=True)

    # On the last field: it sees the others.
    @field_validator("security_groups")
    @classmethod
    def _one_network(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        isolated, subnets = info.data.get("isolated"), info.data.get("subnets")
        if isolated and (subnets or value):
            raise ValueError("isolated = true makes subnets and a security group: remove those given, or isolated")
        if isolated is False and subnets is not None and not (subnets and value):
            raise ValueError("give subnets and security_groups, or isolated = true, or no [network] at all")
        return value


class FunctionsSettings(_Table):
    """The functions' share of the account.

    Attributes:
        reserved_concurrency: Executions kept for each function, and the most it may have; the account's pool serves
            all of them when absent. Lambda keeps 100 of the account's unreserved: a young account has ten in all.
    """

    reserved_concurrency: int | None = Field(default=None, strict=True, ge=1, le=100)


class GateSettings(_Table):
    """What a run must keep to, to be published by itself; a threshold that is absent is none.

    Attributes:
        max_wape_ratio: WAPE of the backtest over that of seasonal naive.
        max_bias: Bias of the backtest, either way, as a share of demand.
        max_coverage_gap: How far the share of demand within the outer quantiles may be from what it should be.
        min_series_share: Series over those of the last published run.
        max_change: Change of all expected demand against the last published run, over the periods of both.
    """

    max_wape_ratio: Threshold | None = None
    max_bias: Threshold | None = None
    max_coverage_gap: Share | None = None
    min_series_share: Share | None = None
    max_change: Threshold | None = None


class AthenaSettings(_Table):
    """Queries about the forecasts.

    Attributes:
        scan_limit_gb: A query that would read more is stopped.
    """

    scan_limit_gb: int = Field(default=100, strict=True, ge=1, le=100_000)


class AlertsSettings(_Table):
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


class RetentionSettings(_Table):
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


class EnvironmentSettings(_Table):
    """One environment, whole."""

    deployment: DeploymentSettings
    schedule: ScheduleSettings
    forecast: ForecastConfig
    training_job: TrainingJobSettings
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
