"""What lies in the two buckets: the keys of all objects, and the documents that two sides read.

`keys`, `handover_keys`, `partition_keys`: every key, and the IAM patterns of them, by the same builders.
`manifest`, `pointer`, `handover`: the fields of the documents.
"""
