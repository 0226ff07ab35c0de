"""Names of a job's inputs: the folders that it reads, and its environment variables."""

# Input folders of a training job. Only demand is required.
DEMAND = "demand"
STATIC = "static"
COVARIATES = "covariates"
INPUTS = (DEMAND, STATIC, COVARIATES)
# It also reads the manifest of the last published run for comparison, and in mode infer the model.
PUBLISHED = "published"
MODEL = "model"

# Input folders of a fleet. SageMaker divides the chunks among its instances; each instance reads all other inputs.
CHUNKS = "chunks"
SHARED = "shared"
FLEET_INPUTS = (CHUNKS, SHARED, MODEL)

# Environment variables of every job: the URI that it writes below, its partition, and its region. SageMaker
# documents no variable for the region. Without it, boto3 sends S3's first request to us-east-1.
OUTPUT_URI = "OUTPUT_URI"
PARTITION = "PARTITION"
REGION = "AWS_DEFAULT_REGION"
# Environment variable of a training job: `train` or `infer`. SageMaker starts the image with the argument `train` in
# both cases. Step Functions supports no other arguments.
MODE = "MODE"
INFER = "infer"
MODES = ("train", INFER)
# Further environment variables of a training job: the model's checksum, and the minimum number of chunks of a
# handover. Both are empty if they do not apply.
MODEL_SHA256 = "MODEL_SHA256"
MIN_CHUNKS = "MIN_CHUNKS"
# The run that a fleet forecasts. A training job's run is named after the job; SageMaker sets that variable itself.
RUN_ID = "RUN_ID"
TRAINING_JOB_NAME = "TRAINING_JOB_NAME"
