"""Building blocks of the stacks: shared resources, and constructs with safe defaults.

`environment_stack` and `stack_context` hold what a stack and its constructs share. The other modules build keys,
buckets, log groups, queues, alarms and topics by the project's security rules. `nag` acknowledges cdk-nag's findings.
Imports `settings`.
"""
