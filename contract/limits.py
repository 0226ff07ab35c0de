"""Limits of the services that several sides go by."""

# Machines of one processing job.
MOST_INSTANCES = 100
