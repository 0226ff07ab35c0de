"""Code that several functions share: input, registry, partitions, local date, quotas, S3 objects, logs, metrics, links.

`execution_input` reads an execution's input; `requested_run` derives cutoff and fleet from it.
`registry_record` and `registry_claim` are pure. `registry_table` writes their results to DynamoDB.
The package imports nothing else of the project but `contract`.
"""
