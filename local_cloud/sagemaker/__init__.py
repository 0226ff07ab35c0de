"""SageMaker's training and processing jobs: requests, `/opt/ml`, instances as processes, and results in S3.

May import `core` and `containers`. `launcher` and `mount_namespace` run in each job's process and use only the
standard library.
"""
