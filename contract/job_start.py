"""Names what a job is started with: the folders that it reads, and its environment variables."""

# A training job reads its input, a folder each; all but demand may be absent.
DEMAND = "demand"
STATIC = "static"
COVARIATES = "covariates"
INPUTS = (DEMAND, STATIC, COVARIATES)
# It also reads the manifest of the last published run, to compare with, and the model that mode infer forecasts with.
PUBLISHED = "published"
MODEL = "model"

# A fleet's machines divide the chunks among them; each of them reads all the rest.
CHUNKS = "chunks"
SHARED = "shared"
FLEET_INPUTS = (CHUNKS, SHARED, MODEL)

# Every job writes below this URI.
OUTPUT_URI = "OUTPUT_URI"
PARTITION = "PARTITION"
# The model's checksum, and in how many chunks demand is handed over; both are empty where they do not apply.
MODEL_SHA256 = "MODEL_SHA256"
MIN_CHUNKS = "MIN_CHUNKS"
# The run that a fleet forecasts; a training job's run is named after the job, which SageMaker itself tells.
RUN_ID = "RUN_ID"
TRAINING_JOB_NAME = "TRAINING_JOB_NAME"
