"""Lambda, S3, EventBridge and Service Quotas: what moto lacks of them.

May import `core`.
"""
