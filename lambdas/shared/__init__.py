"""What several functions share: input, registry, partitions, the local date, quotas, S3 objects, logs, metrics, links.

`execution_input` reads what an execution was started with; `requested_run` derives cutoff and fleet from it.
`registry_record` and `registry_claim` are pure, `registry_table` writes them to DynamoDB.
Imports nothing else of the project but `contract`.
"""
