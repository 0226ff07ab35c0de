"""What keeps state: the buckets and their prefixes, the run registry, the Glue catalog, and the stack that owns them.

`data_stores` is what other packages use of that stack.
Imports `settings` and `common`.
"""
