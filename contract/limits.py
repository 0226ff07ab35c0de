"""Limits of the services that several sides go by."""

# Machines of one processing job.
MAX_INSTANCES = 100
