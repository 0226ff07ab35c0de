"""Retry limits of the job states, as plain numbers, so that readers of them do not import the CDK."""

# Waits for a quota that other jobs use up. With full jitter, a wait is a random part of these seconds.
QUOTA_INTERVAL_SECONDS = 300
QUOTA_BACKOFF = 1.5
QUOTA_LONGEST_SECONDS = 1800
QUOTA_ATTEMPTS = 9
# Pauses after a request that SageMaker throttles or fails to answer. It accepts about one new job a second for each
# account, so simultaneous starts wait for each other. A pause is a random part of a limit, which grows by a step.
REFUSAL_STEP_SECONDS = 20
REFUSAL_ATTEMPTS = 12
# Restarts of a job after a platform fault or the loss of an instance.
MAX_FAULTS = 2
