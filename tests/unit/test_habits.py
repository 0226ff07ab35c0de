"""The locks match their inputs, and pre-commit and CI run the same make targets."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pre_commit.clientlib import load_config

from tests.chromium import NAMES

ROOT = Path(__file__).parents[2]
INPUTS = {
    "requirements.txt": ("requirements.in", "job_code/requirements.in"),
    "job_code/requirements.txt": ("job_code/requirements.in",),
    "benchmarks/requirements.txt": ("benchmarks/requirements.in",),
    "linters/requirements.txt": ("linters/requirements.in",),
}
PLATFORMS = [
    {"sys_platform": system, "platform_machine": machine}
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"), ("darwin", "arm64"))
]
WORKFLOWS = {file.name: file.read_text(encoding="utf-8") for file in (ROOT / ".github" / "workflows").glob("*.yml")}
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


class LockedPackage:
    """One entry of a lock: a requirement, its hashes, and the files or packages that need it."""

    def __init__(self, entry: str) -> None:
        first, *rest = entry.splitlines()
        self.requirement = Requirement(first.removesuffix(" \\"))
        lines = [line.strip().removesuffix(" \\") for line in rest]
        self.hashes = [line for line in lines if line.startswith("--hash=")]
        self.needed_by = [line.removeprefix("#").removeprefix(" via").strip() for line in lines if line.startswith("#")]


def locked(lock: str) -> list[LockedPackage]:
    """Return the entries of a lock. The header is a comment; each entry begins in the first column."""
    text = "\n".join(line for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if line[:1] != "#")
    return [LockedPackage(entry) for entry in re.split(r"\n(?=\S)", text) if entry.strip()]


def declared(file: str) -> list[Requirement]:
    """Return the requirements of an input."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-r ")]


def pins(requirements: list[Requirement], platform: dict[str, str]) -> dict[str, str]:
    """Return the version of each package on a platform."""
    return {
        canonicalize_name(requirement.name): str(requirement.specifier)
        for requirement in requirements
        if requirement.marker is None or requirement.marker.evaluate(platform)
    }


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: "-".join(platform.values()))
@pytest.mark.parametrize("lock", INPUTS)
def test_a_lock_has_the_pins_of_its_inputs_and_no_other_direct_ones(lock: str, platform: dict[str, str]) -> None:
    entries = locked(lock)
    for file in INPUTS[lock]:
        direct = [entry.requirement for entry in entries if f"-r {file}" in entry.needed_by]
        assert pins(direct, platform) == pins(declared(file), platform), f"{lock} and {file} differ; run: make lock"


@pytest.mark.parametrize("lock", INPUTS)
def test_every_locked_package_has_one_version_its_hashes_and_a_reason(lock: str) -> None:
    entries = locked(lock)
    assert len(entries) > 10
    for entry in entries:
        assert re.fullmatch(r"==[^,*]+", str(entry.requirement.specifier)), entry.requirement
        assert entry.hashes, entry.requirement
        assert all(re.fullmatch("--hash=sha256:[0-9a-f]{64}", each) for each in entry.hashes), entry.requirement
        assert any(each and not each.startswith("-c ") for each in entry.needed_by), entry.requirement


@pytest.mark.parametrize("lock", INPUTS)
def test_a_lock_names_no_index_and_no_path(lock: str) -> None:
    assert re.findall(r"://|--(?:index-url|extra-index-url|find-links)| @ ", (ROOT / lock).read_text()) == []


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: "-".join(platform.values()))
def test_the_container_has_the_versions_of_the_tests(platform: dict[str, str]) -> None:
    everything = pins([entry.requirement for entry in locked("requirements.txt")], platform)
    container = pins([entry.requirement for entry in locked("job_code/requirements.txt")], platform)
    assert container.items() <= everything.items()


def test_the_pre_commit_hook_is_make_lint() -> None:
    (repository,) = load_config(str(ROOT / ".pre-commit-config.yaml"))["repos"]
    (hook,) = repository["hooks"]
    assert (hook["entry"], hook["args"]) == ("make lint", [])
    assert hook["language"] == "unsupported"  # pre-commit's name for `system`: it installs nothing
    assert (hook["always_run"], hook["pass_filenames"]) == (True, False)


def test_continuous_integration_runs_the_tests_and_make_check() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^make .*$", script, re.MULTILINE) == ["make test", "make check"]
    assert re.findall(r"- run: (.*)", WORKFLOWS["checks.yml"]) == [".ci/run"]
    (parts,) = re.findall(r"^check: ([^#\n]*)", MAKEFILE, re.MULTILINE)
    assert parts.split()[0] == "lint"


def test_a_workflow_runs_the_slow_tests_every_night() -> None:
    assert re.findall(r"^    - cron: (.*)$", WORKFLOWS["nightly.yml"], re.MULTILINE) == ['"17 2 * * *"']
    assert re.findall(r"- run: (.*)", WORKFLOWS["nightly.yml"]) == ["make nightly"]
    (recipe,) = re.findall(r"^nightly:.*\n\t(.*)", MAKEFILE, re.MULTILINE)
    assert recipe.endswith("pytest --quiet -m nightly")


@pytest.mark.parametrize("name", sorted(WORKFLOWS))
def test_a_workflow_pins_every_action_by_commit_and_stores_no_key(name: str) -> None:
    actions = re.findall(r"uses: (.*)", WORKFLOWS[name])
    assert actions
    for action in actions:
        assert re.fullmatch(r"\./\.github/workflows/[a-z-]+\.yml|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)
    assert re.findall(r"secrets\.|aws-(?:access-key-id|secret-access-key)", WORKFLOWS[name]) == []


def test_the_deployment_has_a_job_for_every_environment() -> None:
    jobs = set(re.findall(r"^      environment: (\w+)$", WORKFLOWS["deploy.yml"], re.MULTILINE))
    assert jobs == {file.stem for file in (ROOT / "environments").glob("*.toml")}


def test_ci_looks_for_the_browsers_of_the_tests() -> None:
    (names,) = re.findall(r"for name in (.*); do", (ROOT / ".ci" / "run").read_text())
    assert tuple(names.split()) == NAMES
