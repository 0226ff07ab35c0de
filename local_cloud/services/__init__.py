"""Lambda, S3, EventBridge and Service Quotas: the features that moto lacks.

May import `core`.
"""
