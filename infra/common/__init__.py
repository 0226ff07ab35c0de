"""Building blocks of both stacks: what a stack and its constructs share, and constructs with safe defaults.

`environment_stack` and `stack_context` are what they share. Each construct is secured as the project's rules ask: keys,
buckets, log groups, queues, alarms, topics. `nag` acknowledges the findings of cdk-nag.
Imports `settings`.
"""
