"""Names in Service Quotas of the limits on an account's concurrent instances."""


def training_quota(instance_type: str, *, spot: bool) -> str:
    """Return the name of the quota of training instances of a type, on demand or spot."""
    return f"{instance_type} for {'spot ' if spot else ''}training job usage"


def processing_quota(instance_type: str) -> str:
    """Return the name of the quota of processing instances of a type."""
    return f"{instance_type} for processing job usage"
