"""How long a state waits for SageMaker and how often it repeats a job, in plain numbers that need no CDK."""

# A quota is used up by other jobs, which take their time. A wait has full jitter: it is any part of these seconds.
QUOTA_INTERVAL_SECONDS = 300
QUOTA_BACKOFF = 1.5
QUOTA_LONGEST_SECONDS = 1800
QUOTA_ATTEMPTS = 9
# Jobs that are started anew after a fault of the platform, or because a machine was lost.
MAX_FAULTS = 2
