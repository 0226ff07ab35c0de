"""What the project believes about AWS: `docs/beliefs.toml`, where each belief names the step that settles it."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from cli.checkout import CHECKOUT

FILE = CHECKOUT / "docs" / "beliefs.toml"


@dataclass(frozen=True, kw_only=True)
class Belief:
    """One belief.

    Attributes:
        claim: What AWS does, as one sentence.
        source: Page or model that says so.
        steps: Names of the steps that would fail if it were wrong.
        only_with: The setting without which no step settles it, for example `network.isolated`; empty if none.
        unsettled: Why no step can settle it; empty if a step does.
    """

    claim: str
    source: str
    steps: tuple[str, ...] = ()
    only_with: str = ""
    unsettled: str = ""


def read_beliefs(file: Path = FILE) -> list[Belief]:
    """Read all beliefs."""
    document = tomllib.loads(file.read_text(encoding="utf-8"))
    return [Belief(**{**belief, "steps": tuple(belief.get("steps", ()))}) for belief in document["beliefs"]]
