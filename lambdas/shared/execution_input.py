"""Read and validate the input of an execution, of one run or of all partitions."""

import difflib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from contract.calendar.labels import LABEL_RULE, Label, read_label
from contract.function_errors import InputError
from contract.job_start import MODES
from contract.limits import MAX_INSTANCES
from contract.names import PARENT
from contract.partitions import NAME_RULE, is_name

KNOWN_KEYS = ("config", "cutoff", "fleet", "force", "mode", "partition", "publish", "scheduled_time", PARENT)
RUN_ID = re.compile(r"[\w-]{1,63}")
# SageMaker accepts hyperparameters of up to 256 characters.
MAX_VALUE = 256


@dataclass(frozen=True, kw_only=True)
class Request:
    """The requested run.

    Attributes:
        cutoff: The requested last observed period; None if the input has none.
        scheduled_time: Time of the schedule (aware), if the schedule started the execution.
        overrides: Configuration keys for this run, as hyperparameters.
        publish: Run to publish as it is; None for a run that starts a job.
        force: Whether to repeat a published run.
        mode: `train`, or `infer` to forecast with the last published run's model.
        fleet: Whether a fleet forecasts, or its number of instances; None for the environment's setting.
        partition: Name of the partition; None if the input has none.
        parent: Execution that started this one and many others; None if there is none.
    """

    cutoff: Label | None = None
    scheduled_time: datetime | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    publish: str | None = None
    force: bool = False
    mode: str = "train"
    fleet: bool | int | None = None
    partition: str | None = None
    parent: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Field:
    """A key of the input, other than `config`.

    Attributes:
        is_valid: Function that returns whether a value is valid.
        problem: End of the error message for an invalid value.
        clash: Function that returns the conflict with the input's other keys; None if there is none.
    """

    is_valid: Callable[[object], bool]
    problem: str
    clash: Callable[[Collection[str]], str | None] = lambda _: None


def read_request(document: object, *, config_keys: Collection[str]) -> Request:
    """Read `{}`, `{"cutoff": ...}`, `{"config": {...}}` or the schedule's input.

    Args:
        document: The execution's input.
        config_keys: The known configuration keys.

    Raises:
        InputError: If the input is invalid, with all problems.
    """
    if not isinstance(document, dict):
        raise InputError([f'input: {shown(document)} is not an object; start with {{}} or {{"cutoff": "2026-11-16"}}'])
    overrides, wrong = _overrides(document.get("config", {}), config_keys)
    if problems := [*_problems(document), *wrong]:
        raise InputError(problems)
    return Request(
        cutoff=read_label(document["cutoff"]) if "cutoff" in document else None,
        scheduled_time=_instant(document["scheduled_time"]) if "scheduled_time" in document else None,
        overrides=overrides,
        publish=document.get("publish"),
        force=document.get("force", False),
        mode=document.get("mode", "train"),
        fleet=document.get("fleet"),
        partition=document.get("partition"),
        parent=document.get(PARENT),
    )


def _problems(document: Mapping[str, object]) -> Iterator[str]:
    """Yield the problems of the keys, and of all values but `config`."""
    yield from (f"input: {unknown_key(key, KNOWN_KEYS)}" for key in document if key not in KNOWN_KEYS)
    for name, field_ in FIELDS.items():
        if name not in document:
            continue
        if not field_.is_valid(document[name]):
            yield f"input: {name} {shown(document[name])} {field_.problem}"
        if clash := field_.clash(document.keys()):
            yield f"input: {clash}"


def _overrides(config: object, known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    if not isinstance(config, dict):
        return {}, [f'input: config {shown(config)} is not an object; write it as {{"config": {{"horizon": 8}}}}']
    overrides: dict[str, str] = {}
    problems: list[str] = []
    settable = sorted(set(known) - {"cutoff"})
    for key, value in config.items():
        if key == "cutoff":
            problems.append('input: config.cutoff: cutoff is not a key of config; write {"cutoff": "2026-11-16"}')
        elif key not in settable:
            problems.append(f"input: config: {unknown_key(key, settable)}")
        elif (text := _as_hyperparameter(value)) is None:
            problems.append(f"input: config.{key} {shown(value)} is not text, a number or a list of them")
        elif len(text) > MAX_VALUE:
            problems.append(f"input: config.{key} has {len(text)} characters; the limit is {MAX_VALUE}")
        elif key == "horizon" and not (text.isdecimal() and int(text) >= 1):
            problems.append(f"input: config.horizon {shown(value)} is not a whole number greater than or equal to 1")
        else:
            overrides[key] = text
    return overrides, problems


def _as_hyperparameter(value: object) -> str | None:
    if isinstance(value, list):
        parts = [_as_hyperparameter(part) for part in value if not isinstance(part, list)]
        texts = [part for part in parts if part]
        return ",".join(texts) if value and len(texts) == len(value) else None
    # Python counts a boolean as a number.
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError(value)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment.astimezone(UTC)


def unknown_key(key: str, known: Collection[str]) -> str:
    """Return a message with the known keys, and the one that may be meant."""
    close = difflib.get_close_matches(key, known, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f"unknown key {shown(key)}{hint} (known: {', '.join(known)})"


def shown(value: object) -> str:
    """Return a value as JSON, shortened to fit into a line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _reads(read: Callable[[object], object], value: object) -> bool:
    try:
        read(value)
    except ValueError:
        return False
    return True


def _is_run_id(value: object) -> bool:
    return isinstance(value, str) and RUN_ID.fullmatch(value) is not None


def _is_fleet(value: object) -> bool:
    return isinstance(value, bool) or (isinstance(value, int) and 1 <= value <= MAX_INSTANCES)


def _two_cutoffs(keys: Collection[str]) -> str | None:
    return "cutoff and scheduled_time both decide the cutoff; give one of them" if "cutoff" in keys else None


def _more_than_a_run(keys: Collection[str]) -> str | None:
    more = set(keys) - {"publish", "partition"}
    return "publish publishes an existing run; remove all other keys except partition" if more else None


# Problems are listed in this order.
FIELDS: Mapping[str, _Field] = {
    "cutoff": _Field(
        is_valid=lambda value: _reads(read_label, value),
        problem=f"is not the label of a period; write it as {LABEL_RULE}",
    ),
    "scheduled_time": _Field(
        is_valid=lambda value: _reads(_instant, value),
        problem="is not a time with a zone; write it as 2026-11-16T05:00:00Z",
        clash=_two_cutoffs,
    ),
    "publish": _Field(
        is_valid=_is_run_id,
        problem="is not a run_id; copy the run_id from the run's notification",
        clash=_more_than_a_run,
    ),
    "force": _Field(is_valid=lambda value: isinstance(value, bool), problem="is not true or false"),
    "fleet": _Field(is_valid=_is_fleet, problem=f"is not true, false, or 1 to {MAX_INSTANCES} instances"),
    "mode": _Field(is_valid=lambda value: value in MODES, problem="is not train or infer"),
    "partition": _Field(
        is_valid=lambda value: isinstance(value, str) and is_name(value), problem=f"is not a name of {NAME_RULE}"
    ),
}
