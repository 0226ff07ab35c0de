"""Step Functions: what moto's interpreter of state machines lacks, and the tasks that start jobs and executions.

May import `core`.
"""
