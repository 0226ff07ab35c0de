"""The record of an acceptance: a JSON file that a later command continues."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Self

Verdict = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a step.

    Attributes:
        verdict: `skipped` if a step that it needs has not passed, or if the local cloud cannot run it.
        seen: What the step saw, or why it was skipped.
        seconds: Its duration.
    """

    verdict: Verdict
    seen: str
    seconds: float = 0.0


@dataclass(kw_only=True)
class Record:
    """The steps of one acceptance so far, written to its file after every change.

    Attributes:
        file: The JSON file.
        acceptance_id: Date and time of the start, for the names of executions.
        environment: The environment whose settings are accepted.
        place: The place in words.
        started_at: ISO time.
        revision: Commit of the checkout; empty if unknown.
        outcomes: By name of the step, in the order in which the steps ended.
        facts: What a step leaves to later ones, for example the name of a run.
        is_over: Whether everything that the acceptance deployed is removed.
    """

    file: Path
    acceptance_id: str
    environment: str
    place: str
    started_at: str
    revision: str = ""
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    is_over: bool = False

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """Read the record of an acceptance that is not over; return None if there is none."""
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        outcomes = {name: Outcome(**outcome) for name, outcome in document.pop("outcomes").items()}
        record = cls(file=file, outcomes=outcomes, **document)
        return None if record.is_over else record

    @classmethod
    def new(cls, file: Path, *, environment: str, place: str, revision: str, now: datetime) -> Self:
        """Start a record and write it."""
        record = cls(
            file=file,
            acceptance_id=f"{now:%Y%m%dT%H%M%S}",
            environment=environment,
            place=place,
            started_at=now.isoformat(timespec="seconds"),
            revision=revision,
        )
        record.save()
        return record

    def passed(self, step: str) -> bool:
        """Return whether a step has passed."""
        return step in self.outcomes and self.outcomes[step].verdict == "passed"

    def end_step(self, step: str, outcome: Outcome) -> None:
        """Record the end of a step."""
        self.outcomes.pop(step, None)
        self.outcomes[step] = outcome
        self.save()

    def keep(self, **facts: str) -> None:
        """Keep facts for later steps."""
        self.facts.update(facts)
        self.save()

    def forget(self, fact: str) -> None:
        """Remove a fact, if it is there."""
        self.facts.pop(fact, None)
        self.save()

    def end(self) -> None:
        """Record that everything is removed."""
        self.is_over = True
        self.save()

    def save(self) -> None:
        """Write the file, whole or not at all."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.file.with_suffix(".new")
        document = {name: value for name, value in asdict(self).items() if name != "file"}
        unfinished.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(self.file)
