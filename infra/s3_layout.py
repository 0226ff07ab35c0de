"""The prefixes of the two buckets; every one ends in a slash, because S3 matches prefixes by string."""

DEMAND = "demand/"
STATIC = "static/"
COVARIATES = "covariates/"
INPUTS = (DEMAND, STATIC, COVARIATES)
FORECASTS = "forecasts/"
REPORTS = "reports/"
# Where SageMaker puts what it packs up itself; the job uploads its forecasts on its own.
JOB_OUTPUT = "training-output/"
QUERY_RESULTS = "athena-results/"
# Of every partition and run, as IAM patterns.
POINTERS = f"{FORECASTS}partition=*/_latest.json"
MANIFESTS = f"{FORECASTS}partition=*/run_id=*/_manifest.json"
HELD = f"{REPORTS}partition=*/run_id=*/held.json"
