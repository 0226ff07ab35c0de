"""Step about partitions: both run at the same time, each with its own demand and published run."""

from cli.acceptance.environment_file import PARTITIONS
from cli.acceptance.steps.demand import HISTORY, make_demand, of_partition, upload, upload_static
from cli.acceptance.steps.runs import succeeded
from cli.acceptance.steps.step import expect
from cli.acceptance.trial import Trial


def run_partitions(trial: Trial) -> str:
    """Run both partitions in one execution."""
    rows = make_demand(trial)
    for partition in PARTITIONS:
        upload(trial, of_partition(rows, partition), name=HISTORY, partition=partition)
        upload_static(trial, partition=partition)
    _, ended = trial.execute({}, machine="PartitionsStateMachineArn")
    succeeded(ended)
    runs = []
    for partition in PARTITIONS:
        pointer = trial.pointer(partition)
        if pointer is None:
            expect(False, f"partition {partition} has no published run")
            continue
        expected = of_partition(rows, partition).select("article_id", "merchant_id").n_unique()
        expect(pointer["series"] == expected, f"{partition}: {pointer['series']} series instead of {expected}")
        runs.append(f"{partition}: run {pointer['run_id']}, {pointer['series']} series")
    return "; ".join(runs)
