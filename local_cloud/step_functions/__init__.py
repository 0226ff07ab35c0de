"""Step Functions: the features that moto's interpreter of state machines lacks, and the tasks for jobs and executions.

May import `core` and `iam`.
"""
