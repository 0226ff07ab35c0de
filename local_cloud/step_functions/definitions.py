"""Finds the states of a definition."""

from collections.abc import Iterator, Mapping
from typing import Any


def all_states(machine: Mapping[str, Any], path: str = "/States") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every state with its path. The states of branches and of items follow the state that has them.

    Args:
        machine: The definition, or a branch.
        path: The path of its states.
    """
    for name, state in machine.get("States", {}).items():
        here = f"{path}/{name}"
        yield here, state
        branches = [
            *state.get("Branches", ()),
            *(state[each] for each in ("Iterator", "ItemProcessor") if each in state),
        ]
        for number, branch in enumerate(branches):
            yield from all_states(branch, f"{here}/{number}/States")
