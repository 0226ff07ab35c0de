"""The prefixes of the two buckets; every one ends in a slash, because S3 matches prefixes by string."""

DEMAND = "demand/"
STATIC = "static/"
COVARIATES = "covariates/"
INPUTS = (DEMAND, STATIC, COVARIATES)
FORECASTS = "forecasts/"
REPORTS = "reports/"
MODELS = "models/"
# From the job that has read the demand to the fleet that forecasts it, and its notes of what is done.
HANDOVER = "handover/"
# Where SageMaker puts what it packs up itself; the job uploads its forecasts on its own.
JOB_OUTPUT = "training-output/"
# What an execution of all partitions was to run, and what became of it.
PARTITIONS = "partitions/"
QUERY_RESULTS = "athena-results/"
# Of every partition and run, as IAM patterns.
POINTERS = f"{FORECASTS}partition=*/_latest.json"
MANIFESTS = f"{FORECASTS}partition=*/run_id=*/_manifest.json"
HELD = f"{REPORTS}partition=*/run_id=*/held.json"
PARTITION_ITEMS = f"{PARTITIONS}execution=*/items.json"
PARTITIONS_UNUSABLE = f"{PARTITIONS}execution=*/unusable.json"
OUTCOMES = f"{PARTITIONS}execution=*/outcomes/*.json"
PARTITION_TABLE = f"{PARTITIONS}execution=*/outcome.csv"
HANDOVER_DOCUMENTS = f"{HANDOVER}partition=*/run_id=*/common/handover.json"
HANDOVER_PIECES = f"{HANDOVER}partition=*/run_id=*/pieces/"
HANDOVER_NOTES = f"{HANDOVER}partition=*/run_id=*/done/"
MODEL_FILES = f"{MODELS}partition=*/run_id=*/*"
MODEL_DOCUMENTS = f"{MODELS}partition=*/run_id=*/model.json"


def of_runs(prefix: str, name: str, file: str = "*") -> str:
    """Files of this deployment's runs, as an IAM pattern: a run is named after its job, a job after the deployment.

    Args:
        prefix: One of the above.
        name: Of the deployment.
        file: Below the run's own prefix.
    """
    return f"{prefix}partition=*/run_id={name}-*/{file}"
