"""`python -m linters code`, or `python -m linters templates cdk.out/dev cdk.out/prod`."""

import sys
from pathlib import Path

from linters import bandit, templates
from linters.findings import find_problems
from linters.programs import LinterError


def main(arguments: list[str]) -> int:
    """Print every problem. Return the exit code.

    Args:
        arguments: `code`, or `templates` and the folders of the assemblies.
    """
    try:
        if arguments == ["code"]:
            findings, acknowledgments = bandit.find()
        else:
            findings, acknowledgments = templates.find([Path(each) for each in arguments[1:]])
    except LinterError as error:
        print(error, file=sys.stderr)
        return 2
    problems = sorted(find_problems(findings, acknowledgments))
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(findings)} findings, {len(acknowledgments)} acknowledgments, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
