"""Limits of AWS services that several parts of the application use."""

# Instances of one processing job.
MAX_INSTANCES = 100
