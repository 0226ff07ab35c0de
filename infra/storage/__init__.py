"""What keeps state: the buckets and their prefixes, the run registry, the Glue catalog.

`data_stores` is what other packages use of them.
Imports `settings` and `common`.
"""
