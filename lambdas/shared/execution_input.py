"""What a run, or each of many, was asked for, read from the execution's input and checked as a whole."""

import difflib
import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from contract.limits import MOST_INSTANCES
from contract.names import PARENT
from contract.partitions import NAME_IN_WORDS, is_name

KNOWN_KEYS = ("config", "cutoff", "fleet", "force", "mode", "partition", "publish", "scheduled_time", PARENT)
MODES = ("train", "infer")
RUN_ID = re.compile(r"[\w-]{1,63}")
# SageMaker takes hyperparameters of 256 characters.
LONGEST_VALUE = 256


class InputError(Exception):
    """The execution's input cannot be run; one line with everything that is wrong and what to do.

    Attributes:
        problems: Each of them.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run's wishes.

    Attributes:
        cutoff: The last observed period, where it was given.
        scheduled_time: When the schedule meant to start the run (aware), where the schedule started it.
        overrides: Configuration keys for this run, as hyperparameters.
        publish: A run to publish as it is, where nothing is to be trained.
        force: Whether to make a run anew that is published already.
        mode: `train`, or `infer`: forecast with the last published run's model.
        fleet: Whether to leave the forecasting to the fleet, or to how many machines; None as the environment has it.
        partition: Part of the market; None where the input names none.
        parent: The execution that started this one and many others; None where none did.
    """

    cutoff: date | None = None
    scheduled_time: datetime | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    publish: str | None = None
    force: bool = False
    mode: str = "train"
    fleet: bool | int | None = None
    partition: str | None = None
    parent: str | None = None


def read_request(document: object, *, config_keys: Collection[str]) -> Request:
    """Reads `{}`, `{"cutoff": ...}`, `{"config": {...}}` or what the schedule sends.

    Args:
        document: The execution's input.
        config_keys: The configuration keys there are.

    Raises:
        InputError: With every problem.
    """
    if not isinstance(document, dict):
        raise InputError([f'input: {shown(document)} is not an object; start with {{}} or {{"cutoff": "2026-11-16"}}'])
    problems = [f"input: {unknown_key(key, KNOWN_KEYS)}" for key in document if key not in KNOWN_KEYS]
    cutoff = scheduled_time = None
    if "cutoff" in document:
        try:
            cutoff = _date(document["cutoff"])
        except ValueError:
            problems.append(f"input: cutoff {shown(document['cutoff'])} is not a date; write it as 2026-11-16")
    if "scheduled_time" in document:
        try:
            scheduled_time = _instant(document["scheduled_time"])
        except ValueError:
            given = shown(document["scheduled_time"])
            problems.append(
                f"input: scheduled_time {given} is not a time with a zone; write it as 2026-11-16T05:00:00Z"
            )
    if "cutoff" in document and "scheduled_time" in document:
        problems.append("input: cutoff and scheduled_time both decide the cutoff; give one of them")
    publish = document.get("publish")
    if "publish" in document:
        if not isinstance(publish, str) or not RUN_ID.fullmatch(publish):
            problems.append(
                f"input: publish {shown(publish)} is no run_id; write that of a run, as its message says it"
            )
        if document.keys() - {"publish", "partition"}:
            problems.append("input: publish takes a run as it is; give nothing but its partition beside it")
    if not isinstance(document.get("force", False), bool):
        problems.append(f"input: force {shown(document['force'])} is neither true nor false")
    fleet = document.get("fleet", False)
    if not isinstance(fleet, bool) and not (isinstance(fleet, int) and 1 <= fleet <= MOST_INSTANCES):
        problems.append(f"input: fleet {shown(fleet)} is neither true nor false, nor 1 to {MOST_INSTANCES} machines")
    if document.get("mode", "train") not in MODES:
        problems.append(f"input: mode {shown(document['mode'])} is neither train nor infer")
    partition = document.get("partition")
    if "partition" in document and not (isinstance(partition, str) and is_name(partition)):
        problems.append(f"input: partition {shown(partition)} is no name of {NAME_IN_WORDS}")
    overrides, wrong = _overrides(document.get("config", {}), config_keys)
    problems += wrong
    if problems:
        raise InputError(problems)
    return Request(
        cutoff=cutoff,
        scheduled_time=scheduled_time,
        overrides=overrides,
        publish=publish,
        force=document.get("force", False),
        mode=document.get("mode", "train"),
        fleet=document.get("fleet"),
        partition=partition,
        parent=document.get(PARENT),
    )


def _overrides(config: object, known: Collection[str]) -> tuple[dict[str, str], list[str]]:
    if not isinstance(config, dict):
        return {}, [f'input: config {shown(config)} is not an object; write it as {{"config": {{"horizon": 8}}}}']
    overrides: dict[str, str] = {}
    problems: list[str] = []
    settable = sorted(set(known) - {"cutoff"})
    for key, value in config.items():
        if key == "cutoff":
            problems.append('input: config.cutoff: the cutoff stands beside config; write {"cutoff": "2026-11-16"}')
        elif key not in settable:
            problems.append(f"input: config: {unknown_key(key, settable)}")
        elif (text := _as_hyperparameter(value)) is None:
            problems.append(f"input: config.{key} {shown(value)} is neither text, a number nor a list of them")
        elif len(text) > LONGEST_VALUE:
            problems.append(f"input: config.{key} has {len(text)} characters; {LONGEST_VALUE} at most")
        elif key == "horizon" and not (text.isdecimal() and int(text) >= 1):
            problems.append(f"input: config.horizon {shown(value)} is no whole number greater than or equal to 1")
        else:
            overrides[key] = text
    return overrides, problems


def _as_hyperparameter(value: object) -> str | None:
    if isinstance(value, list):
        parts = [_as_hyperparameter(part) for part in value if not isinstance(part, list)]
        texts = [part for part in parts if part]
        return ",".join(texts) if value and len(texts) == len(value) else None
    # To Python a boolean is a number.
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def _date(value: object) -> date:
    if not isinstance(value, str):
        raise ValueError(value)
    return date.fromisoformat(value)


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError(value)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(value)
    return moment.astimezone(UTC)


def unknown_key(key: str, known: Collection[str]) -> str:
    """Says which there are, and which of them may have been meant."""
    close = difflib.get_close_matches(key, known, n=1)
    hint = f", did you mean {close[0]}?" if close else ""
    return f"unknown key {shown(key)}{hint} (known: {', '.join(known)})"


def shown(value: object) -> str:
    """A value as it stood in the input, as far as it fits into a line."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
