"""The two buckets: the keys of all objects, and the documents that several parts of the application read.

`keys`, `handover_keys`, `partition_keys`: builders of every key and of its IAM pattern.
`manifest`, `pointer`, `handover`: the fields of the documents.
"""
