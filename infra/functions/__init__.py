"""The Lambda functions, each with its own role and the environment it reads.

`function_factory` creates one function. The other modules create those of a run, of its outcome, and of all partitions.
Imports `settings`, `common`, `storage` and `jobs`.
"""
