"""Lambda, S3, SNS, EventBridge, CloudWatch Logs and Service Quotas: the features that moto lacks.

May import `core` and `iam`.
"""
