"""What keeps state: the buckets and their prefixes, the run registry, the Glue catalog, and the stack that owns them.

Imports `settings` and `common`.
"""
