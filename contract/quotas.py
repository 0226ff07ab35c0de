"""The names that Service Quotas has for how many machines an account may run at a time."""


def training_quota(instance_type: str, *, spot: bool) -> str:
    """Builds the name of the quota of machines of a type that train, on demand or on spare capacity."""
    return f"{instance_type} for {'spot ' if spot else ''}training job usage"


def processing_quota(instance_type: str) -> str:
    """Builds the name of the quota of machines of a type in processing jobs."""
    return f"{instance_type} for processing job usage"
