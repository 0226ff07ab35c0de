"""The layout of the two buckets, which all other code takes from `contract`."""

from fnmatch import fnmatchcase

import pytest

from contract.s3.handover_keys import EVERY_HANDOVER, HandoverKeys, chunk_name, handovers_of, name_of
from contract.s3.keys import (
    ANY,
    DEMAND,
    EVERY_RUN,
    INPUTS,
    RunKeys,
    channel_of,
    part_name,
    partition_folder,
    partition_of_demand,
    pointer_key,
    runs_of,
)
from contract.s3.partition_keys import EVERY_EXECUTION, PartitionsKeys

RUN = RunKeys(partition="de", run_id="onejob-dev-1")
HANDOVER = HandoverKeys(partition="de", run_id="onejob-dev-1")
EXECUTION = PartitionsKeys(execution="weekly")
FOLDER = "partition=de/run_id=onejob-dev-1"


def test_keys_of_a_run() -> None:
    assert RUN.manifest == f"forecasts/{FOLDER}/_manifest.json"
    assert RUN.forecasts + part_name(7) == f"forecasts/{FOLDER}/part-00007.parquet"
    assert RUN.report == f"reports/{FOLDER}/report.html"
    assert RUN.data_quality == f"reports/{FOLDER}/data_quality.json"
    assert RUN.gate_violations == f"reports/{FOLDER}/gate_violations.json"
    assert RUN.model_document == f"models/{FOLDER}/model.json"
    assert pointer_key("de") == "forecasts/partition=de/_published.json"


def test_the_prefix_of_the_forecasts_is_last() -> None:
    assert RUN.folders == (f"reports/{FOLDER}/", f"models/{FOLDER}/", f"forecasts/{FOLDER}/")


def test_keys_of_a_handover() -> None:
    name = chunk_name(3)
    assert HANDOVER.document == f"handover/{FOLDER}/shared/handover.json"
    assert HANDOVER.shared_archive("covariates-0") == f"handover/{FOLDER}/shared/covariates-0.tar"
    assert HANDOVER.published_manifest == f"handover/{FOLDER}/shared/published_manifest.json"
    assert HANDOVER.chunk_archive(name) == f"handover/{FOLDER}/chunks/chunk-00003.tar"
    assert HANDOVER.completed_marker(name) == f"handover/{FOLDER}/completed/chunk-00003.json"
    assert HANDOVER.failure_marker("job", name) == f"handover/{FOLDER}/failures/job/chunk-00003.json"
    assert HANDOVER.instance_marker("job", "algo-1") == f"handover/{FOLDER}/instances/job/algo-1.json"
    assert HANDOVER.failure_summary("job") == f"handover/{FOLDER}/failures/job/summary.json"


def test_names_are_parsed_from_keys() -> None:
    name = chunk_name(3)
    assert {name_of(key) for key in (HANDOVER.chunk_archive(name), HANDOVER.completed_marker(name))} == {name}
    assert name_of(HANDOVER.instance_marker("job", "algo-1")) == "algo-1"
    assert HANDOVER.instance_marker("job", "algo-1").startswith(HANDOVER.instances_of("job"))


def test_keys_of_an_execution_of_all_partitions() -> None:
    assert EXECUTION.items == "partitions/execution=weekly/items.json"
    assert EXECUTION.invalid_names == "partitions/execution=weekly/invalid_names.json"
    assert EXECUTION.outcome("de") == "partitions/execution=weekly/outcomes/de.json"
    assert EXECUTION.table == "partitions/execution=weekly/outcomes.csv"


def test_each_input_has_a_channel_of_its_name() -> None:
    assert INPUTS == ("demand/", "static/", "covariates/")
    assert [channel_of(prefix) for prefix in INPUTS] == ["demand", "static", "covariates"]


def test_a_partition_is_parsed_from_its_demand_prefix() -> None:
    assert partition_of_demand(DEMAND + partition_folder("de")) == "de"


@pytest.mark.parametrize(
    "folder", ["demand/", "demand/2026/", "demand/partition=/", "static/partition=de/", "demand/partition=de/x/"]
)
def test_other_prefixes_have_no_partition(folder: str) -> None:
    assert partition_of_demand(folder) is None


@pytest.mark.parametrize(
    ("pattern", "key"),
    [
        (pointer_key(ANY), pointer_key("de")),
        (EVERY_RUN.manifest, RUN.manifest),
        (EVERY_RUN.gate_violations, RUN.gate_violations),
        (EVERY_RUN.model_document, RUN.model_document),
        (EVERY_HANDOVER.document, HANDOVER.document),
        (EVERY_EXECUTION.items, EXECUTION.items),
        (EVERY_EXECUTION.outcome(ANY), EXECUTION.outcome("de")),
        (runs_of("onejob-dev").forecasts + ANY, RUN.manifest),
        (handovers_of("onejob-dev").completed + ANY, HANDOVER.completed_marker("chunk-00000")),
    ],
)
def test_a_pattern_matches_the_keys_of_the_same_builder(pattern: str, key: str) -> None:
    assert fnmatchcase(key, pattern)


def test_patterns_of_a_deployment_do_not_match_other_deployments() -> None:
    assert not fnmatchcase(RUN.manifest, runs_of("onejob-prod").forecasts + ANY)
    assert not fnmatchcase(HANDOVER.document, handovers_of("onejob-prod").shared + ANY)
