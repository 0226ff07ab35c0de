"""The prefixes of the two buckets; every one ends in a slash, because S3 matches prefixes by string."""

DEMAND = "demand/"
STATIC = "static/"
COVARIATES = "covariates/"
INPUTS = (DEMAND, STATIC, COVARIATES)
FORECASTS = "forecasts/"
REPORTS = "reports/"
# Where SageMaker puts what it packs up itself; the job uploads its forecasts on its own.
JOB_OUTPUT = "training-output/"
