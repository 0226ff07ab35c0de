"""Lambda, S3, SNS, STS, EventBridge, CloudWatch Logs and Service Quotas: the features that moto lacks.

May import `core` and `iam`.
"""
