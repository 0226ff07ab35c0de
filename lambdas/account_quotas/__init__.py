"""What the account may run at the same time, as Service Quotas tells it. Shared by those that need it."""
