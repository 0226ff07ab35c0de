"""EventBridge Scheduler: one-time schedules fire.

A schedule with `at(...)` fires at its time, or at once if the time has passed, as on AWS. An update or a deletion
before that cancels it. Schedules with `rate(...)` or `cron(...)` are recorded, and never fire. The window of a schedule
that fires must be OFF.
"""

import json
import logging
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from moto.scheduler.exceptions import ScheduleNotFound, ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend, Schedule, scheduler_backends

from local_cloud.core.patching import patch_attribute
from local_cloud.core.server_settings import ServerSettings
from local_cloud.iam.trust_policies import may_assume
from local_cloud.services.schedule_targets import Occurrence, scheduler_of, target_service

_LOG = logging.getLogger(__name__)
_ONE_TIME = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_RECURRING = re.compile(r"(cron|rate)\(.+\)")


def install(settings: ServerSettings) -> None:
    """Let moto's schedules fire."""
    one_time = _OneTimeSchedules(settings)
    patch_attribute(EventBridgeSchedulerBackend, "create_schedule", one_time.following)
    patch_attribute(EventBridgeSchedulerBackend, "update_schedule", one_time.following)


class _OneTimeSchedules:
    """The timers of all one-time schedules."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._timers: dict[str, threading.Timer] = {}  # by the schedule's ARN
        self._lock = threading.Lock()

    def following(self, original: Callable[..., Schedule]) -> Callable[..., Schedule]:
        """Check a schedule before moto stores it, and set its timer afterwards."""

        def store(backend: EventBridgeSchedulerBackend, **request: Any) -> Schedule:  # noqa: ANN401 - moto's arguments
            self._check(request, backend.region_name)
            schedule = original(backend, **request)
            schedule.state = schedule.state or "ENABLED"  # moto forgets the default in an update
            self._set_timer(schedule)
            return schedule

        return store

    def _check(self, request: dict[str, Any], region: str) -> None:
        expression, zone = request["schedule_expression"], request["schedule_expression_timezone"] or "UTC"
        target = request["target"]
        try:
            at = _time_of(expression, zone)
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise ValidationException(f"Invalid Schedule Expression {expression} in time zone {zone}.") from error
        source = scheduler_of(region, self._settings.account, request["group_name"] or "default")
        if self._settings.options.iam and not may_assume(source, target["RoleArn"], self._settings.account):
            raise ValidationException(
                "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            )
        if at is None:
            return
        if request["flexible_time_window"]["Mode"] != "OFF":
            raise ValidationException("The local cloud fires one-time schedules only without a flexible time window.")
        if target_service(target["Arn"]) is None:
            raise ValidationException(f"The local cloud fires no schedule with the target {target['Arn']}.")
        try:
            json.loads(target.get("Input", ""))
        except ValueError as error:
            raise ValidationException(
                "The local cloud fires schedules only with an Input, which must be JSON."
            ) from error

    def _set_timer(self, schedule: Schedule) -> None:
        at = _time_of(schedule.schedule_expression, schedule.schedule_expression_timezone)
        with self._lock:
            if earlier := self._timers.pop(schedule.arn, None):
                earlier.cancel()
            if at is None or schedule.state != "ENABLED":
                return
            seconds = max((at - datetime.now(UTC)).total_seconds(), 0)
            timer = threading.Timer(seconds, self._fire, args=(schedule, at))
            timer.daemon = True
            self._timers[schedule.arn] = timer
            timer.start()

    def _fire(self, schedule: Schedule, at: datetime) -> None:
        region = schedule.arn.split(":")[3]
        backend = scheduler_backends[self._settings.account][region]
        group = backend.schedule_groups.get(schedule.group_name)
        if group is None or group.schedules.get(schedule.name) is not schedule:
            return  # it was deleted
        try:
            Occurrence(schedule=schedule, target=schedule.target, at=at, settings=self._settings).deliver()
        except Exception:
            _LOG.exception("the schedule %s could not fire", schedule.arn)
        if schedule.action_after_completion == "DELETE":
            try:
                backend.delete_schedule(schedule.group_name, schedule.name)
            except ScheduleNotFound:
                _LOG.info("the schedule %s was deleted while it fired", schedule.arn)


def _time_of(expression: str, zone: str) -> datetime | None:
    """Return the time of a one-time schedule; None for a recurring schedule.

    Raises:
        ValueError: The expression is wrong.
        ZoneInfoNotFoundError: The time zone does not exist.
    """
    place = ZoneInfo(zone)
    if _RECURRING.fullmatch(expression):
        return None
    found = _ONE_TIME.fullmatch(expression)
    if found is None:
        raise ValueError(expression)
    return datetime.fromisoformat(found[1]).replace(tzinfo=place).astimezone(UTC)
