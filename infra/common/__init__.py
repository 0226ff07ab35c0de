"""Building blocks of every stack: keys, buckets, log groups, queues, alarms, topics, and cdk-nag acknowledgements.

Each module is one construct with the defaults that the project's security rules ask for.
Imports nothing else of the project.
"""
